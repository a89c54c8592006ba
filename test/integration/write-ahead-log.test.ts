import { copyFileSync, fsync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type WaitForDisk, WriteAheadLog } from "../../shared/outbox/write-ahead-log.ts";

const PAGE = 1_024;

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "saxbridge-wal-"));
});

afterEach(() => rmSync(directory, { recursive: true }));

interface Pages {
  readonly log: number;
  readonly checkpointed: number;
}

interface Options {
  readonly isShared?: boolean;
  readonly waitForDisk?: WaitForDisk;
}

function openLog({ isShared = true, waitForDisk }: Options = {}) {
  const path = join(directory, "file.sqlite");
  const database = new Database(path);
  database.pragma(`page_size = ${PAGE}`);
  database.pragma("journal_mode = WAL");
  database.pragma("synchronous = NORMAL");
  database.pragma("wal_autocheckpoint = 0");
  database.exec("CREATE TABLE row (n INTEGER PRIMARY KEY, text TEXT)");
  const log = new WriteAheadLog(database, isShared, waitForDisk);
  const insert = database.prepare("INSERT INTO row (text) VALUES (?)");
  const state = database.prepare<[], Pages>("PRAGMA wal_checkpoint(NOOP)");
  return {
    write: (pages: number) => {
      for (let i = 0; i < pages; i += 1) insert.run("x".repeat(2 * PAGE));
    },
    sync: () =>
      new Promise<void>((done, fail) => log.sync((error) => (error ? fail(error) : done()))),
    /** How many pages stand in the log, and how many of those in the file, too. */
    pages: () => state.get() ?? { log: 0, checkpointed: 0 },
    copyFile: () => {
      const copy = join(mkdtempSync(join(directory, "copy-")), "file.sqlite");
      copyFileSync(path, copy);
      return copy;
    },
    /** How many rows are found in a copy of the file with the log of this moment. */
    rowsWithLog: (copy: string) => {
      copyFileSync(`${path}-wal`, `${copy}-wal`);
      const after = new Database(copy);
      expect(after.pragma("integrity_check", { simple: true })).toBe("ok");
      const count = after.prepare("SELECT count(*) FROM row").pluck().get();
      after.close();
      return count;
    },
    damage: () => log.damage,
    logPath: `${path}-wal`,
    close: () => log.close(),
  };
}

describe("WriteAheadLog", () => {
  test("leaves a short log alone", async () => {
    const { write, sync, pages, close } = openLog();
    write(10);
    await sync();
    await sync();
    expect(pages().checkpointed).toBe(0);
    close();
  });

  test("moves a long log into the file, and lets it begin anew", async () => {
    const { write, sync, pages, close, copyFile, rowsWithLog } = openLog();
    write(1_000);
    const before = pages();
    await sync();
    expect(pages().checkpointed).toBe(before.log);
    let rows = 1_000;
    const writeOne = async () => {
      write(1);
      rows += 1;
      await sync();
      return pages().log;
    };
    await expect.poll(writeOne, { timeout: 10_000, interval: 100 }).toBeLessThan(before.log);
    expect(rowsWithLog(copyFile())).toBe(rows);
    close();
  });

  test("moves nothing that came after the wait for the disk began, nor loses it", async () => {
    const { write, sync, pages, close, copyFile, rowsWithLog } = openLog();
    write(1_000);
    const before = pages().log;
    const syncing = sync();
    write(50);
    await syncing;
    expect(pages()).toMatchObject({ checkpointed: before });
    expect(pages().log).toBeGreaterThan(before);
    expect(rowsWithLog(copyFile())).toBe(1_050);
    close();
  });

  test("does not begin the log anew while the file is not on disk", async () => {
    const { write, sync, pages, close, copyFile, rowsWithLog } = openLog();
    write(1_000);
    const onDisk = copyFile();
    const before = pages().log;
    await sync();
    // Everything is in the file now, and what is waited for is that this is on disk.
    expect(pages()).toMatchObject({ log: before, checkpointed: before });
    write(1);
    expect(pages().log).toBeGreaterThan(before);
    expect(rowsWithLog(onDisk)).toBe(1_001);
    close();
  });

  test("is whole whenever it crashes", async () => {
    const { write, sync, close, copyFile, rowsWithLog } = openLog();
    let rows = 0;
    for (let round = 0; round < 30; round += 1) {
      write(200);
      rows += 200;
      const syncing = sync();
      expect(rowsWithLog(copyFile())).toBe(rows);
      await syncing;
      expect(rowsWithLog(copyFile())).toBe(rows);
    }
    close();
  });

  test("may be closed while it waits", async () => {
    const { write, sync, close } = openLog();
    write(1_000);
    const syncing = sync();
    close();
    await expect(syncing).resolves.toBeUndefined();
  });

  test("says when the file may not be on disk, and keeps the log that still has it all", async () => {
    let waits = 0;
    const failure = new Error("EIO: i/o error, fsync");
    const waitForDisk: WaitForDisk = (fd, done) => {
      waits += 1;
      if (waits === 2) setImmediate(() => done(failure));
      else fsync(fd, done);
    };
    const { write, sync, pages, close, damage } = openLog({ waitForDisk });
    write(1_000);
    const before = pages().log;
    await sync();
    await expect.poll(damage).toBe(failure);
    write(1);
    await sync();
    expect(pages().log).toBeGreaterThan(before);
    close();
  });

  test("goes on when it could not be read once", async () => {
    const { write, sync, pages, close, logPath } = openLog();
    write(1_000);
    const bytes = readFileSync(logPath);
    writeFileSync(logPath, Buffer.alloc(bytes.length));
    await sync();
    expect(pages().checkpointed).toBe(0);
    writeFileSync(logPath, bytes);
    const again = async () => {
      // Or the reader would not look again.
      write(1);
      await sync();
      return pages().checkpointed;
    };
    await expect.poll(again, { timeout: 10_000, interval: 100 }).toBeGreaterThan(0);
    close();
  });

  test("leaves a file that it may not share to SQLite", async () => {
    const { write, sync, pages, close } = openLog({ isShared: false });
    write(1_000);
    await sync();
    await sync();
    expect(pages().checkpointed).toBe(0);
    close();
  });
});

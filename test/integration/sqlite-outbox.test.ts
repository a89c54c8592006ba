import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Row } from "../../shared/outbox/outbox.ts";
import { openSqliteJournal, type SqliteJournal } from "../../shared/outbox/sqlite-outbox.ts";
import { silentLog } from "../support/silent-log.ts";

let directory: string;
let open: SqliteJournal[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "saxbridge-outbox-"));
  open = [];
});

afterEach(() => {
  for (const journal of open) journal.close();
  rmSync(directory, { recursive: true });
});

function openJournal(): SqliteJournal {
  const journal = openSqliteJournal(join(directory, "outbox.sqlite"), silentLog);
  open.push(journal);
  return journal;
}

function reopen(journal: SqliteJournal): SqliteJournal {
  journal.close();
  open = open.filter((other) => other !== journal);
  return openJournal();
}

const row = (seq: number, queue = "q"): Row => ({
  seq,
  queue,
  id: `id-${seq}`,
  at: 5,
  value: "{}",
});

const committed = (journal: SqliteJournal, rows: readonly Row[]) =>
  Promise.all(rows.map((each) => new Promise<void>((done) => journal.append(each, 0, done))));

describe("openSqliteJournal()", () => {
  test("has after a restart what was appended and not removed, oldest first", async () => {
    const journal = openJournal();
    await committed(journal, [row(1), row(2), row(3), row(4, "other")]);
    journal.settle("q", 2, 1);
    const after = reopen(journal);
    expect(after.load("q")).toEqual([row(1), row(3)]);
    expect(after.nextSeq()).toBe(5);
  });

  test("has after a restart what was not settled of a batch, in and out of order", async () => {
    const journal = openJournal();
    await committed(journal, [row(1), row(2), row(3), row(4), row(5)]);
    journal.settle("q", 1, 2);
    journal.settle("q", 4, 2);
    const after = reopen(journal);
    expect(after.load("q")).toEqual([row(2), row(3), row(5)]);
    after.settle("q", 2, 3);
    after.settle("q", 3, 5);
    expect(reopen(after).load("q")).toEqual([row(5)]);
  });

  test("never gives a seq again that an emptied queue had", async () => {
    const journal = openJournal();
    await committed(journal, [row(7), row(8)]);
    journal.settle("q", 7, 8);
    journal.settle("q", 8, 9);
    const after = reopen(journal);
    expect(after.load("q")).toEqual([]);
    expect(after.nextSeq()).toBeGreaterThan(8);
  });

  test("never gives a seq again that was settled out of order and never written", async () => {
    const journal = openJournal();
    await committed(journal, [row(1)]);
    journal.append(row(2), 60_000);
    journal.settle("q", 2, 1);
    const after = reopen(journal);
    const seq = after.nextSeq();
    expect(seq).toBe(3);
    await committed(after, [row(seq)]);
    expect(reopen(after).load("q")).toEqual([row(1), row(seq)]);
  });

  test("never writes a row that is settled before its time", async () => {
    const journal = openJournal();
    journal.append(row(1), 60_000);
    journal.settle("q", 1, 2);
    await committed(journal, [row(2)]);
    expect(reopen(journal).load("q")).toEqual([row(2)]);
  });

  test("writes a row that may wait together with one that may not", async () => {
    const journal = openJournal();
    journal.append(row(1), 60_000);
    await committed(journal, [row(2)]);
    expect(journal.load("q")).toEqual([row(1), row(2)]);
  });

  test("names the queues that nobody reads any more, with what is left in them", async () => {
    const journal = openJournal();
    await committed(journal, [row(1, "read"), row(2, "left"), row(3, "left"), row(4, "done")]);
    journal.settle("left", 2, 3);
    journal.settle("done", 4, 5);
    const after = reopen(journal);
    after.load("read");
    expect(after.unclaimed()).toEqual([{ queue: "left", count: 1 }]);
    after.load("left");
    expect(after.unclaimed()).toEqual([]);
  });

  test("refuses a state directory that another process uses, and says so", () => {
    openJournal();
    expect(() => openSqliteJournal(join(directory, "outbox.sqlite"), silentLog)).toThrow(
      /another saxbridge is running with this state directory/,
    );
  });

  test("refuses a file that a newer version wrote", async () => {
    const journal = openJournal();
    journal.close();
    open = [];
    const { default: Database } = await import("better-sqlite3");
    const database = new Database(join(directory, "outbox.sqlite"));
    database.pragma("user_version = 99");
    database.close();
    expect(() => openJournal()).toThrow(/written by a newer saxbridge \(schema 99\)/);
  });
});

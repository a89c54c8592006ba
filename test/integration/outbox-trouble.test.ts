import {
  chmodSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Fields } from "../../shared/observe/logger.ts";
import type { Row } from "../../shared/outbox/journal.ts";
import type { OpenJournal } from "../../shared/outbox/memory-journal.ts";
import { openSqliteJournal } from "../../shared/outbox/sqlite-outbox.ts";
import { SmallDisk } from "../chaos/disk.ts";
import { silentLog } from "../support/silent-log.ts";

/** Longer than the pause after which a disk is tried again. */
const RETRIED = { timeout: 15_000 };

let directory: string;
let logged: { readonly event: string; readonly fields: Fields | undefined }[];
let undo: (() => void)[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "saxbridge-outbox-"));
  logged = [];
  undo = [() => rmSync(directory, { recursive: true })];
});

afterEach(() => {
  for (const step of undo.toReversed()) step();
});

const file = () => join(directory, "outbox.sqlite");

const keepsLog = (event: string, fields?: Fields) => void logged.push({ event, fields });

const events = () => logged.map(({ event }) => event);

function openJournal(): OpenJournal {
  const log = { ...silentLog, info: keepsLog, error: keepsLog };
  const journal = openSqliteJournal(file(), log);
  undo.push(() => journal.close());
  return journal;
}

function append(journal: OpenJournal, value = "", safe?: () => void): Row {
  const seq = journal.nextSeq();
  const row = { seq, queue: "q", id: `id-${seq}`, at: 5, value: JSON.stringify(value) };
  journal.append(row, safe);
  journal.flush();
  return row;
}

const seqs = (journal: OpenJournal) => journal.load("q").map(({ seq }) => seq);

const asides = () => readdirSync(directory).filter((name) => name.includes(".corrupt-"));

/** What the next run finds. */
function afterRestart(journal: OpenJournal): OpenJournal {
  journal.close();
  return openJournal();
}

// Nobody but root can have a disk of his own to fill.
describe.runIf(process.getuid?.() === 0)("an outbox on a full disk", () => {
  let disk: SmallDisk;

  beforeEach(() => {
    const mounted = SmallDisk.mount(directory);
    if (mounted === undefined) throw new Error(`Cannot mount a small disk at ${directory}`);
    disk = mounted;
    undo.push(() => disk.unmount());
  });

  test("goes on in memory, says so once, and writes everything when there is room", async () => {
    const journal = openJournal();
    const before = append(journal);
    disk.fill();
    let calledBack = 0;
    const meanwhile = Array.from({ length: 20 }, () =>
      append(journal, "x".repeat(10_000), () => (calledBack += 1)),
    );
    await expect.poll(() => calledBack).toBe(20);
    expect(journal.inMemoryOnly).toBeGreaterThan(10);
    expect(journal.trouble).toMatch(/^outbox cannot be written: database or disk is full/);
    const [settled] = meanwhile;
    journal.settle("q", settled?.seq ?? 0, before.seq);
    disk.free();
    await expect.poll(() => journal.trouble, RETRIED).toBeUndefined();
    expect(journal.inMemoryOnly).toBe(0);
    expect(events()).toEqual(["outbox cannot be written", "outbox on disk again"]);
    expect(logged[0]?.fields).toMatchObject({ inMemoryOnly: expect.any(Number) });
    const left = [before, ...meanwhile.slice(1)].map(({ seq }) => seq);
    expect(seqs(afterRestart(journal))).toEqual(left);
  });

  test("is opened with what it holds", async () => {
    const journal = openJournal();
    const row = append(journal);
    journal.close();
    disk.fill();
    const after = openJournal();
    expect(seqs(after)).toEqual([row.seq]);
    const more = append(after, "x".repeat(100_000));
    expect(after.inMemoryOnly).toBe(1);
    disk.free();
    await expect.poll(() => after.trouble, RETRIED).toBeUndefined();
    expect(seqs(afterRestart(after))).toEqual([row.seq, more.seq]);
  });

  test("begins in memory where there was no file yet", async () => {
    disk.fill();
    const journal = openJournal();
    const row = append(journal);
    expect(journal.inMemoryOnly).toBe(1);
    disk.free();
    await expect.poll(() => journal.trouble, RETRIED).toBeUndefined();
    expect(seqs(afterRestart(journal))).toEqual([row.seq]);
  });

  test("says at the end what is lost", () => {
    const journal = openJournal();
    append(journal);
    disk.fill();
    for (let i = 0; i < 20; i += 1) append(journal, "x".repeat(10_000));
    const entries = journal.inMemoryOnly;
    journal.close();
    expect(logged.at(-1)).toEqual({
      event: "outbox closed with entries that are not on disk",
      fields: { entries },
    });
  });
});

describe("a damaged outbox", () => {
  test.each([
    ["is no database", () => writeFileSync(file(), "x".repeat(10_000))],
    ["has damaged pages", () => overwrite(2_048, Buffer.alloc(20_000, "x"))],
    [
      "holds no JSON",
      () => {
        const database = new Database(file());
        database.exec("UPDATE batch SET rows = '[{'");
        database.close();
      },
    ],
  ])("that %s at the start is set aside, and a new one begun", (_, damage) => {
    const journal = openJournal();
    for (let i = 0; i < 50; i += 1) append(journal, "x".repeat(500));
    journal.close();
    damage();
    const damaged = readFileSync(file());
    const after = openJournal();
    expect(seqs(after)).toEqual([]);
    expect(events()).toEqual(["outbox damaged"]);
    const [aside = ""] = asides();
    expect(aside).toMatch(/^outbox\.sqlite\.corrupt-\d{8}T\d{9}Z$/);
    expect(readFileSync(join(directory, aside)).equals(damaged)).toBe(true);
    const row = append(after);
    expect(seqs(afterRestart(after))).toEqual([row.seq]);
  });

  test("is replaced while it runs, and the new one holds everything", async () => {
    const journal = openJournal();
    journal.setNote("cursor", "1234");
    journal.remember("q", "known");
    const rows = Array.from({ length: 50 }, () => append(journal, "x".repeat(2_000)));
    journal.said("q", 3);
    journal.flush();
    moveLogIntoFile();
    overwrite(1_024, Buffer.alloc(200_000, "x"));
    const more = Array.from({ length: 50 }, () => append(journal, "x".repeat(2_000)));
    expect(events()).toContain("outbox damaged");
    expect(journal.trouble).toBeUndefined();
    const after = afterRestart(journal);
    expect(seqs(after)).toEqual([...rows, ...more].map(({ seq }) => seq));
    expect(after.load("q").filter(({ wasSaid }) => wasSaid)).toHaveLength(1);
    expect(after.note("cursor")).toBe("1234");
    expect(after.remembers("q", "known")).toBe(true);
    expect(asides().length).toBeGreaterThan(0);
  });

  test("that somebody removed is replaced while it runs", async () => {
    const journal = openJournal();
    const before = append(journal);
    for (const ending of ["", "-wal", "-shm"]) rmSync(file() + ending);
    const after = await new Promise<Row>((safe) => {
      const row = append(journal, "", () => safe(row));
    });
    expect(events()).toEqual(["outbox damaged"]);
    expect(seqs(afterRestart(journal))).toEqual([before.seq, after.seq]);
  });

  test("that somebody removed with its directory is in memory until that is there again", async () => {
    const inner = join(directory, "state");
    mkdirSync(inner);
    const log = { ...silentLog, info: keepsLog, error: keepsLog };
    const journal = openSqliteJournal(join(inner, "outbox.sqlite"), log);
    undo.push(() => journal.close());
    rmSync(inner, { recursive: true });
    await new Promise<void>((safe) => append(journal, "", safe));
    expect(journal.inMemoryOnly).toBe(1);
    mkdirSync(inner);
    await expect.poll(() => journal.trouble, RETRIED).toBeUndefined();
    expect(events()).toEqual([
      "outbox damaged",
      "outbox cannot be written",
      "outbox on disk again",
    ]);
  });

  test("is kept only three times, the first one among them", () => {
    const first = "the first one";
    for (const text of [first, "2", "3", "4", "5"]) {
      writeFileSync(file(), text.repeat(1_000));
      openJournal().close();
    }
    expect(asides()).toHaveLength(3);
    const [oldest = ""] = asides().toSorted();
    expect(readFileSync(join(directory, oldest), "latin1").startsWith(first)).toBe(true);
  });

  test("is set aside once at a start: a new file that is damaged, too, ends it", () => {
    let times = 0;
    const damage = () => {
      times += 1;
      if (times <= 3) writeFileSync(file(), "x".repeat(10_000));
    };
    damage();
    const log = { ...silentLog, error: damage };
    expect(() => openSqliteJournal(file(), log)).toThrow(/file is not a database$/);
    expect(asides()).toHaveLength(1);
  });
});

describe("an outbox that another program has open", () => {
  test("is opened all the same, and written to", () => {
    openJournal().close();
    const other = new Database(file());
    other.prepare("BEGIN").run();
    other.prepare("SELECT * FROM batch").all();
    const journal = openJournal();
    const row = append(journal);
    expect(journal.trouble).toBeUndefined();
    other.close();
    expect(seqs(afterRestart(journal))).toEqual([row.seq]);
  });

  test("goes on in memory while that writes, and returns to the disk", async () => {
    const journal = openJournal();
    const other = new Database(file());
    other.prepare("BEGIN IMMEDIATE").run();
    const row = append(journal);
    expect(journal.trouble).toBe("outbox cannot be written: database is locked");
    expect(journal.inMemoryOnly).toBe(1);
    other.prepare("COMMIT").run();
    other.close();
    await expect.poll(() => journal.trouble, RETRIED).toBeUndefined();
    expect(seqs(afterRestart(journal))).toEqual([row.seq]);
  });

  test("is not opened while nobody else may even read it", () => {
    openJournal().close();
    const other = new Database(file());
    other.pragma("locking_mode = EXCLUSIVE");
    other.exec("BEGIN IMMEDIATE");
    undo.push(() => other.close());
    expect(() => openJournal()).toThrow(/another program has locked it$/);
  });
});

describe("an outbox that can never be written", () => {
  test("is refused", () => {
    expect(() => openSqliteJournal(join(directory, "none", "outbox.sqlite"), silentLog)).toThrow(
      /^Cannot open outbox .*: ENOENT/,
    );
    mkdirSync(file());
    expect(() => openJournal()).toThrow(/^Cannot open outbox .*: unable to open database file$/);
  });
});

test("an outbox is for nobody else to read, wherever it is", () => {
  chmodSync(directory, 0o755);
  append(openJournal());
  for (const ending of ["", "-wal", "-shm", "-lock"]) {
    expect([ending, (statSync(file() + ending).mode & 0o777).toString(8)]).toEqual([ending, "600"]);
  }
});

function overwrite(position: number, bytes: Uint8Array): void {
  const fd = openSync(file(), "r+");
  writeSync(fd, bytes, 0, bytes.length, position);
  closeSync(fd);
}

/** So that whoever has the file open reads it again. */
function moveLogIntoFile(): void {
  const other = new Database(file());
  other.pragma("wal_checkpoint(TRUNCATE)");
  other.close();
}

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import Database from "better-sqlite3";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Fate, Journal, KeptRow, Row } from "../../shared/outbox/journal.ts";
import type { OpenJournal } from "../../shared/outbox/memory-journal.ts";
import { readTrail } from "../../shared/outbox/read-trail.ts";
import { openSqliteJournal } from "../../shared/outbox/sqlite-outbox.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { silentLog } from "../support/silent-log.ts";

let directory: string;
let open: OpenJournal[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "saxbridge-outbox-"));
  open = [];
});

afterEach(() => {
  closeAll();
  rmSync(directory, { recursive: true });
});

const WRITER = new URL("./processes/write-outbox.ts", import.meta.url).pathname;

const file = () => join(directory, "outbox.sqlite");

function openJournal(path = file()): OpenJournal {
  const journal = openSqliteJournal(path, silentLog);
  open.push(journal);
  return journal;
}

function closeAll(): void {
  for (const journal of open) journal.close();
  open = [];
}

function reopen(journal: OpenJournal): OpenJournal {
  journal.close();
  open = open.filter((other) => other !== journal);
  return openJournal();
}

/** The files as a crash at this moment would leave them; returns where the copy of the outbox is. */
function crash(): string {
  const copy = mkdtempSync(join(directory, "crash-"));
  for (const name of ["outbox.sqlite", "outbox.sqlite-wal"]) {
    copyFileSync(join(directory, name), join(copy, name));
  }
  return join(copy, "outbox.sqlite");
}

/** What the next run would find after a crash at this moment. */
const openCopy = () => openJournal(crash());

const row = (seq: number, queue = "q"): Row => ({
  seq,
  queue,
  id: `id-${seq}`,
  at: 5,
  value: "{}",
});

const kept = (seq: number, queue = "q"): KeptRow => ({ ...row(seq, queue), wasSaid: false });

const fate = (some: Partial<Fate> = {}): Fate => ({
  queue: "q",
  id: "id-1",
  takenAt: 5,
  at: 6,
  code: "delivered",
  nick: "nick",
  text: "text",
  ...some,
});

const safe = (journal: OpenJournal, rows: readonly Row[]) =>
  Promise.all(rows.map((each) => new Promise<void>((done) => journal.append(each, done))));

describe("openSqliteJournal()", () => {
  test("has after a restart what was appended and not settled, oldest first", async () => {
    const journal = openJournal();
    await safe(journal, [row(1), row(2), row(3), row(4, "other")]);
    journal.settle("q", 2, 1);
    const after = reopen(journal);
    expect(after.load("q")).toEqual([kept(1), kept(3)]);
    expect(after.nextSeq()).toBe(5);
  });

  test("has after a restart what was not settled of a batch, in and out of order", async () => {
    const journal = openJournal();
    await safe(journal, [row(1), row(2), row(3), row(4), row(5)]);
    journal.settle("q", 1, 2);
    journal.settle("q", 4, 2);
    const after = reopen(journal);
    expect(after.load("q")).toEqual([kept(2), kept(3), kept(5)]);
    after.settle("q", 2, 3);
    after.settle("q", 3, 5);
    expect(reopen(after).load("q")).toEqual([kept(5)]);
  });

  test("knows after a restart what was being said", () => {
    const journal = openJournal();
    for (const seq of [1, 2, 3]) journal.append(row(seq));
    journal.flush();
    journal.said("q", 1);
    journal.said("q", 2);
    journal.said("q", 3);
    journal.flush();
    journal.unsaid("q", 2);
    journal.settle("q", 1, 2);
    const after = reopen(journal);
    expect(after.load("q")).toEqual([kept(2), { ...kept(3), wasSaid: true }]);
    expect(reopen(after).load("q")).toEqual([kept(2), { ...kept(3), wasSaid: true }]);
  });

  test("never gives a seq again that an emptied queue had", () => {
    const journal = openJournal();
    for (const seq of [7, 8]) journal.append(row(seq));
    journal.settle("q", 7, 8);
    journal.settle("q", 8, 9);
    const after = reopen(journal);
    expect(after.load("q")).toEqual([]);
    expect(after.nextSeq()).toBeGreaterThan(8);
  });

  test("never gives a seq again that was settled out of order and never written", async () => {
    const journal = openJournal();
    await safe(journal, [row(1)]);
    journal.append(row(2));
    journal.settle("q", 2, 1);
    const after = reopen(journal);
    const seq = after.nextSeq();
    expect(seq).toBe(3);
    await safe(after, [row(seq)]);
    expect(reopen(after).load("q")).toEqual([kept(1), kept(seq)]);
  });

  test("never writes a row that is settled in the turn in which it came, but its fate", async () => {
    const journal = openJournal();
    journal.append({ ...row(1), value: '"never to be seen"' });
    journal.settle("q", 1, 2);
    journal.record(fate({ id: "id-1" }));
    journal.flush();
    const database = new Database(crash());
    expect(database.prepare("SELECT * FROM batch").all()).toEqual([]);
    database.close();
    expect(await reopen(journal).trail.find("id-1")).toHaveLength(1);
  });

  test("writes by itself at the end of the turn, and notes within a second or two", async () => {
    const journal = openJournal();
    journal.append(row(1));
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    expect(openCopy().load("q")).toEqual([kept(1)]);
    journal.setNote("cursor", "1234");
    await expect.poll(() => openCopy().note("cursor"), { timeout: 5_000 }).toBe("1234");
  });

  test("has notes and remembered ids after a restart", () => {
    const journal = openJournal();
    journal.setNote("one", "1");
    journal.setNote("two", "2");
    journal.remember("q", "known");
    journal.flush();
    journal.setNote("one", undefined);
    const after = reopen(journal);
    expect([after.note("one"), after.note("two")]).toEqual([undefined, "2"]);
    expect([after.remembers("q", "known"), after.remembers("other", "known")]).toEqual([
      true,
      false,
    ]);
  });

  test("writes nothing when nothing changed", () => {
    const journal = openJournal();
    journal.setNote("note", "same");
    journal.flush();
    const before = readFileSync(`${file()}-wal`);
    journal.setNote("note", "same");
    journal.flush();
    expect(readFileSync(`${file()}-wal`).equals(before)).toBe(true);
  });

  test("names the queues that nobody reads any more, with what is left in them", async () => {
    const journal = openJournal();
    await safe(journal, [row(1, "read"), row(2, "left"), row(3, "left"), row(4, "done")]);
    journal.settle("left", 2, 3);
    journal.settle("done", 4, 5);
    const after = reopen(journal);
    after.load("read");
    expect(after.unclaimed()).toEqual([{ queue: "left", count: 1 }]);
    after.load("left");
    expect(after.unclaimed()).toEqual([]);
  });
});

describe("openSqliteJournal() after a crash", () => {
  test("has exactly what was flushed last, whatever happened since", () => {
    fc.assert(
      fc.property(fc.array(step(), { maxLength: 60 }), (steps) => {
        rmSync(directory, { recursive: true });
        mkdirSync(directory);
        const journal = openJournal();
        const told = new Told();
        let flushed = told.copy();
        for (const each of steps) {
          each(journal, told);
          if (each === flush) flushed = told.copy();
        }
        const after = openCopy();
        for (const queue of QUEUES) expect(after.load(queue)).toEqual(flushed.kept(queue));
        expect(after.nextSeq()).toBeGreaterThan(flushed.lastSeq);
        expect(after.note("note")).toBe(flushed.note);
        for (const { queue, id } of flushed.settled) expect(after.remembers(queue, id)).toBe(true);
        closeAll();
      }),
      { numRuns: 100 },
    );
  });

  test("has every row that was flushed before kill -9", async () => {
    for (let round = 0; round < 5; round += 1) {
      const writer = spawn(process.execPath, ["--import", "tsx", WRITER, file()], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      let said = "";
      writer.stdout.on("data", (chunk) => (said += String(chunk)));
      await expect.poll(() => said.length, { timeout: 10_000 }).toBeGreaterThan(2_000);
      writer.kill("SIGKILL");
      await once(writer, "close");
      const flushed = said.slice(0, said.lastIndexOf("\n")).split("\n").map(Number);
      const journal = openJournal();
      const seqs = journal.load("q").map(({ seq }) => seq);
      // The rows are written in order, and only the one in the middle of whose words it died may be more.
      expect(seqs.slice(0, flushed.length)).toEqual(flushed);
      for (const seq of seqs) journal.settle("q", seq, seq + 1);
      closeAll();
    }
  });
});

describe("openSqliteJournal() on what is there", () => {
  test("takes over what the first version of the tables held", () => {
    const database = new Database(file());
    database.exec(`
      CREATE TABLE batch (last INTEGER PRIMARY KEY, queue TEXT NOT NULL, rows TEXT NOT NULL) STRICT;
      CREATE TABLE progress (queue TEXT PRIMARY KEY, front INTEGER NOT NULL, beyond TEXT NOT NULL) STRICT;
      INSERT INTO batch VALUES (4, 'q', '[
        {"seq":2,"id":"id-2","at":5,"value":{}},
        {"seq":3,"id":"id-3","at":5,"value":{}},
        {"seq":4,"id":"id-4","at":5,"value":{}}
      ]');
      INSERT INTO progress VALUES ('q', 3, '[4]'), ('empty', 9, '[]');
      PRAGMA user_version = 1;
    `);
    database.close();
    const journal = openJournal();
    expect(journal.load("q")).toEqual([kept(3)]);
    expect(journal.nextSeq()).toBe(10);
    journal.said("q", 3);
    expect(reopen(journal).load("q")).toEqual([{ ...kept(3), wasSaid: true }]);
  });

  test("refuses a file that a newer version wrote", () => {
    openJournal();
    closeAll();
    const database = new Database(file());
    database.pragma("user_version = 99");
    database.close();
    expect(() => openJournal()).toThrow(/written by a newer saxbridge \(schema 99\)/);
  });

  test("refuses a state directory that another saxbridge uses, and says so", () => {
    openJournal();
    expect(() => openJournal()).toThrow(/another saxbridge is running with this state directory/);
  });

  test("lets in one of many that start at the same time, and the next one when that is killed", async () => {
    const starters = await Promise.all([1, 2, 3, 4].map(() => startWriter()));
    const running = starters.filter(({ exitCode }) => exitCode === null);
    expect(running).toHaveLength(1);
    running[0]?.kill("SIGKILL");
    openJournal();
  });
});

/** Resolves when it writes, or has ended because it may not. */
async function startWriter(): Promise<ChildProcess> {
  const writer = spawn(process.execPath, ["--import", "tsx", WRITER, file()], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  await Promise.race([once(writer.stdout, "data"), once(writer, "exit")]);
  return writer;
}

const QUEUES = ["one", "two"];

/** What a journal was told, in the plainest way. */
class Told {
  lastSeq = 0;
  note: string | undefined;
  rows: readonly KeptRow[] = [];
  settled: readonly KeptRow[] = [];

  copy(): Told {
    return Object.assign(new Told(), this);
  }

  kept(queue: string): readonly KeptRow[] {
    return this.rows.filter((each) => each.queue === queue);
  }
}

type Step = (journal: Journal, told: Told) => void;

const flush: Step = (journal) => journal.flush();

/** What can happen; the number chooses among the rows that there are. */
function step(): fc.Arbitrary<Step> {
  const queue = fc.constantFrom(...QUEUES);
  const append = queue.map(
    (name): Step =>
      (journal, told) => {
        const seq = journal.nextSeq();
        told.lastSeq = seq;
        told.rows = [...told.rows, kept(seq, name)];
        journal.append(row(seq, name));
      },
  );
  const onRow = (change: (journal: Journal, told: Told, one: KeptRow) => void) =>
    fc.nat().map(
      (nth): Step =>
        (journal, told) => {
          const one = told.rows[nth % told.rows.length];
          if (one !== undefined) change(journal, told, one);
        },
    );
  const said = (wasSaid: boolean) =>
    onRow((journal, told, { queue: name, seq }) => {
      if (wasSaid) journal.said(name, seq);
      else journal.unsaid(name, seq);
      told.rows = told.rows.map((each) => (each.seq === seq ? { ...each, wasSaid } : each));
    });
  const settle = onRow((journal, told, one) => {
    const { queue: name, seq, id } = one;
    told.rows = told.rows.filter((each) => each !== one);
    told.settled = [...told.settled, one];
    journal.settle(name, seq, told.kept(name)[0]?.seq ?? seq + 1);
    journal.remember(name, id);
  });
  const note = fc.option(fc.string(), { nil: undefined }).map(
    (value): Step =>
      (journal, told) => {
        told.note = value;
        journal.setNote("note", value);
      },
  );
  return fc.oneof(append, append, said(true), said(false), settle, note, fc.constant(flush));
}

describe("the trail on disk", () => {
  const trail = { keepFor: 7 * 86_400_000, maxBytes: 100_000 };

  test("is found after a restart, and shows no text", async () => {
    const journal = openJournal();
    journal.record(fate({ id: "one", text: "a secret" }));
    journal.flush();
    journal.record(fate({ id: "two", text: "a secret" }));
    const after = reopen(journal);
    const rows = await after.trail.find("<nick> A secret");
    expect(rows.map(({ id, text }) => [id, text])).toEqual([
      ["one", undefined],
      ["two", undefined],
    ]);
    closeAll();
    const written = readFileSync(file(), "latin1");
    expect(written).toContain("delivered");
    expect(written).not.toContain("secret");
  });

  test("is read from a file that nobody has open, or somebody has, and nothing is written there", async () => {
    const journal = openJournal();
    journal.record(fate({ id: "one", text: "a secret" }));
    journal.append({ ...row(1), value: '"waiting"' });
    const found = async () =>
      (await Promise.all(["a secret", "waiting"].map((query) => readTrail(file(), query))))
        .flat()
        .map(({ id }) => id);
    journal.flush();
    expect(await found()).toEqual(["one", "id-1"]);
    closeAll();
    rmSync(`${file()}-lock`);
    const before = readFileSync(file());
    expect(await found()).toEqual(["one", "id-1"]);
    expect(readFileSync(file()).equals(before)).toBe(true);
    expect(existsSync(`${file()}-lock`)).toBe(false);
  });

  test("is not read where the file is of another version, or none at all", async () => {
    openJournal();
    closeAll();
    const database = new Database(file());
    database.pragma("user_version = 1");
    await expect(readTrail(file(), "text")).rejects.toThrow(/written by an older saxbridge/);
    expect(database.pragma("user_version", { simple: true })).toBe(1);
    database.close();
    writeFileSync(file(), "x".repeat(10_000));
    await expect(readTrail(file(), "text")).rejects.toThrow("file is not a database");
    expect(readdirSync(directory).filter((name) => name.includes("corrupt"))).toEqual([]);
  });

  test("holds texts where they are wanted", async () => {
    const journal = openSqliteJournal(file(), silentLog, { keepsTexts: true });
    open.push(journal);
    journal.record(fate({ text: "Something to read" }));
    expect(await reopen(journal).trail.find("thing to")).toMatchObject([
      { text: "Something to read" },
    ]);
  });

  test("forgets the oldest beyond its bytes", async () => {
    const journal = openSqliteJournal(file(), silentLog, { trail });
    open.push(journal);
    for (let i = 0; i < 2_000; i += 1) {
      journal.record(fate({ id: `number-${i}`, text: "a" }));
      journal.flush();
    }
    expect(await journal.trail.find("number-1999")).toHaveLength(1);
    expect(await journal.trail.find("number-0")).toHaveLength(0);
    closeAll();
    const database = new Database(file());
    const size = database.prepare("SELECT sum(length(fates)) FROM trail").pluck().get();
    database.close();
    expect(size).toBeLessThan(150_000);
    expect(size).toBeGreaterThan(50_000);
  });

  test("forgets what is older than its days", async () => {
    const clock = new FakeClock();
    const journal = openSqliteJournal(file(), silentLog, { trail, clock });
    open.push(journal);
    journal.record(fate({ id: "long ago" }));
    journal.flush();
    await clock.advance(7 * 86_400_000);
    journal.record(fate({ id: "a week later" }));
    journal.flush();
    expect(await journal.trail.find("long ago")).toHaveLength(1);
    await clock.advance(2 * 3_600_000);
    journal.record(fate({ id: "today" }));
    journal.flush();
    expect(await journal.trail.find("long ago")).toHaveLength(0);
    expect(await journal.trail.find("a week later")).toHaveLength(1);
  });

  test("forgets nothing because somebody sets the clock", async () => {
    const clock = new FakeClock();
    const journal = openSqliteJournal(file(), silentLog, { trail, clock });
    open.push(journal);
    journal.record(fate({ id: "before" }));
    journal.flush();
    clock.jump(30 * 86_400_000);
    await clock.advance(2 * 3_600_000);
    journal.record(fate({ id: "after" }));
    journal.flush();
    expect(await journal.trail.find("before")).toHaveLength(1);
  });

  test("is looked through without holding anything else up", async () => {
    const journal = openJournal();
    for (let i = 0; i < 100_000; i += 1) {
      journal.record(fate({ id: `number-${i}`, text: `text ${i}` }));
      if (i % 100 === 0) journal.flush();
    }
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    expect(await journal.trail.find("text 77")).toHaveLength(1);
    delay.disable();
    expect(delay.percentile(50) / 1e6).toBeLessThan(20);
  });
});

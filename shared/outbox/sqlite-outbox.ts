import Database from "better-sqlite3";
import type { Logger } from "../observe/logger.ts";
import type { Journal, Row } from "./outbox.ts";

const SCHEMA_VERSION = 1;

/**
 * Rows of one queue that were committed together share a batch: under load that is one insert and one
 * delete for hundreds of them. `front` is the oldest seq of a queue that is not settled, `beyond` the
 * few above it that are (a JSON array).
 */
const SCHEMA = `
  CREATE TABLE batch (last INTEGER PRIMARY KEY, queue TEXT NOT NULL, rows TEXT NOT NULL) STRICT;
  CREATE TABLE progress (queue TEXT PRIMARY KEY, front INTEGER NOT NULL, beyond TEXT NOT NULL) STRICT;
`;

/**
 * How much of the time may be spent waiting for the disk: under load commits grow instead of following
 * each other, whatever the disk.
 */
const DISK_SHARE = 0.1;

/** Waiting that may be saved up while there is nothing to write, in milliseconds. */
const MOST_SAVED = 20;

/** No row waits longer than this for its commit, in milliseconds. */
const LONGEST_REST = 20;

/** How long what was settled may wait for a commit of its own, in milliseconds. */
const SETTLED_WITHIN = 50;

/** How long to wait after a commit that failed, in milliseconds. */
const RETRY_DELAY = 5_000;

export interface SqliteJournal extends Journal {
  /** The queues of an earlier run that nobody has loaded in this one, and how many rows wait in each. */
  unclaimed(): readonly { readonly queue: string; readonly count: number }[];
  /** Commits what is left and closes the file. */
  close(): void;
}

/**
 * Opens the journal in a SQLite file (write-ahead log, `synchronous=FULL`: a committed row survives a
 * power cut). Throws when another process has the file, or it cannot be opened.
 *
 * A commit that fails (disk full) is tried again every five seconds; until then the rows live in
 * memory and are said all the same.
 */
export function openSqliteJournal(path: string, log: Logger): SqliteJournal {
  const database = openDatabase(path);
  const tables = prepareTables(database);
  const queues = new Map<string, Queue>();
  const queueOf = (name: string) => {
    const queue = queues.get(name) ?? new Queue(name, tables);
    queues.set(name, queue);
    return queue;
  };
  const begin = database.prepare("BEGIN IMMEDIATE");
  const commit = database.prepare("COMMIT");
  const thrift = new Thrift();
  let lastSeq = tables.lastSeq();
  let waiting: (() => void)[] = [];
  let failing = false;

  const write = () => {
    const changed = [...queues.values()].filter((queue) => queue.isChanged());
    if (changed.length === 0) return;
    // What is taken has to survive a power cut. That it was said may be forgotten then: it is looked up.
    const isTaken = changed.some((queue) => queue.hasAdded());
    database.pragma(`synchronous = ${isTaken ? "FULL" : "NORMAL"}`);
    begin.run();
    for (const queue of changed) queue.write();
    commit.run();
    for (const queue of changed) queue.written();
  };

  const flush = () => {
    plan.cancel();
    const since = performance.now();
    try {
      write();
      if (failing) log.info("outbox on disk again");
      failing = false;
    } catch (error) {
      if (database.inTransaction) database.exec("ROLLBACK");
      if (!failing) log.error("outbox cannot be written", { error });
      failing = true;
      plan.within(RETRY_DELAY);
    }
    thrift.spent(performance.now() - since);
    const committed = waiting;
    waiting = [];
    for (const callback of committed) callback();
  };
  const plan = planned(flush);
  const flushWithin = (ms: number) => {
    if (!failing) plan.within(Math.max(ms, thrift.restMs()));
  };

  return {
    nextSeq: () => ++lastSeq,
    append(row, withinMs, committed) {
      queueOf(row.queue).add(row);
      if (committed !== undefined && failing) queueMicrotask(committed);
      else if (committed !== undefined) waiting.push(committed);
      flushWithin(withinMs);
    },
    settle(name, seq, front) {
      queueOf(name).settle(seq, front);
      flushWithin(SETTLED_WITHIN);
    },
    load: (name) => queueOf(name).load(),
    unclaimed() {
      const names = tables.names().filter((name) => !queues.has(name));
      return names
        .map((queue) => ({ queue, count: new Queue(queue, tables).load().length }))
        .filter(({ count }) => count > 0);
    },
    close() {
      flush();
      plan.cancel();
      database.close();
    },
  };
}

/** Keeps the time that is spent waiting for the disk within its share. */
class Thrift {
  #saved = MOST_SAVED;
  #at = performance.now();

  spent(ms: number): void {
    this.#saved = this.#savedNow() - ms;
    this.#at = performance.now();
  }

  /** How long to wait before the next commit, in milliseconds. */
  restMs(): number {
    return Math.min(LONGEST_REST, Math.max(0, -this.#savedNow() / DISK_SHARE));
  }

  #savedNow(): number {
    return Math.min(MOST_SAVED, this.#saved + (performance.now() - this.#at) * DISK_SHARE);
  }
}

type Tables = ReturnType<typeof prepareTables>;

function prepareTables(database: Database.Database) {
  const insert = database.prepare("INSERT INTO batch VALUES (?, ?, ?)");
  const drop = database.prepare("DELETE FROM batch WHERE queue = ? AND last < ?");
  const advance = database.prepare("INSERT OR REPLACE INTO progress VALUES (?, ?, ?)");
  const batches = database.prepare<[string], { last: number; rows: string }>(
    "SELECT last, rows FROM batch WHERE queue = ? ORDER BY last",
  );
  const progress = database.prepare<[string], { front: number; beyond: string }>(
    "SELECT front, beyond FROM progress WHERE queue = ?",
  );
  // What was settled out of order counts, too: a new entry with such a seq would pass for settled.
  const lastSeq = database
    .prepare<[], number>(
      `SELECT max(n) FROM (
        SELECT last n FROM batch UNION SELECT front FROM progress
        UNION SELECT value FROM progress, json_each(beyond)
      )`,
    )
    .pluck();
  const names = database
    .prepare<[], string>("SELECT DISTINCT queue FROM batch ORDER BY queue")
    .pluck();
  return {
    insert,
    drop,
    advance,
    batches,
    progress,
    lastSeq: () => lastSeq.get() ?? 0,
    names: () => names.all(),
  };
}

/** What one queue has on disk and what it still has to write there. */
class Queue {
  readonly #name: string;
  readonly #tables: Tables;
  #added: Row[] = [];
  /** The last seq of each batch on disk, ascending. */
  #batches: readonly number[] = [];
  #front = 0;
  #beyond = new Set<number>();
  #hasMoved = false;

  constructor(name: string, tables: Tables) {
    this.#name = name;
    this.#tables = tables;
  }

  load(): readonly Row[] {
    const batches = this.#tables.batches.all(this.#name);
    const progress = this.#tables.progress.get(this.#name);
    this.#batches = batches.map(({ last }) => last);
    this.#front = progress?.front ?? 0;
    // Both were written below, as JSON of just this.
    const beyond: readonly number[] = JSON.parse(progress?.beyond ?? "[]");
    this.#beyond = new Set(beyond);
    return batches
      .flatMap(({ rows }): readonly StoredRow[] => JSON.parse(rows))
      .filter(({ seq }) => this.#isOpen(seq))
      .map((row) => ({ ...row, queue: this.#name, value: JSON.stringify(row.value) }));
  }

  add(row: Row): void {
    this.#added.push(row);
  }

  settle(seq: number, front: number): void {
    if (seq > front) this.#beyond.add(seq);
    if (front > this.#front) {
      for (const settled of this.#beyond) if (settled < front) this.#beyond.delete(settled);
    }
    this.#front = Math.max(this.#front, front);
    this.#hasMoved = true;
  }

  /** Whether a commit would change anything: what was settled in time never needs one. */
  isChanged(): boolean {
    this.#added = this.#added.filter(({ seq }) => this.#isOpen(seq));
    return this.#added.length > 0 || (this.#hasMoved && this.#batches.length > 0);
  }

  hasAdded(): boolean {
    return this.#added.length > 0;
  }

  write(): void {
    const last = this.#added.at(-1);
    if (last !== undefined) this.#tables.insert.run(last.seq, this.#name, rowsAsJson(this.#added));
    if (!this.#hasMoved) return;
    this.#tables.drop.run(this.#name, this.#front);
    this.#tables.advance.run(this.#name, this.#front, JSON.stringify([...this.#beyond]));
  }

  /** The commit succeeded. */
  written(): void {
    const last = this.#added.at(-1);
    const batches = last === undefined ? this.#batches : [...this.#batches, last.seq];
    this.#batches = batches.filter((seq) => seq >= this.#front);
    this.#added = [];
    this.#hasMoved = false;
  }

  #isOpen(seq: number): boolean {
    return seq >= this.#front && !this.#beyond.has(seq);
  }
}

/** A row in the JSON of a batch. */
type StoredRow = Omit<Row, "value" | "queue"> & { readonly value: unknown };

/** The values are JSON already. */
function rowsAsJson(rows: readonly Row[]): string {
  const texts = rows.map(
    ({ seq, id, at, value }) =>
      `{"seq":${seq},"id":${JSON.stringify(id)},"at":${at},"value":${value}}`,
  );
  return `[${texts.join(",")}]`;
}

/** Runs something once, at the earliest of the times that were asked for; 0 is the end of this turn. */
function planned(run: () => void) {
  let due = Number.POSITIVE_INFINITY;
  let cancel: (() => void) | undefined;
  return {
    within(ms: number) {
      const at = performance.now() + ms;
      if (at >= due) return;
      cancel?.();
      due = at;
      if (ms <= 0) {
        const immediate = setImmediate(run);
        cancel = () => clearImmediate(immediate);
      } else {
        const timer = setTimeout(run, ms);
        cancel = () => clearTimeout(timer);
      }
    },
    cancel() {
      cancel?.();
      due = Number.POSITIVE_INFINITY;
    },
  };
}

function openDatabase(path: string): Database.Database {
  try {
    const database = new Database(path, { timeout: 0 });
    database.pragma("locking_mode = EXCLUSIVE");
    database.pragma("journal_mode = WAL");
    database.pragma("synchronous = FULL");
    migrate(database);
    return database;
  } catch (error) {
    const why = isBusy(error)
      ? "another saxbridge is running with this state directory"
      : String(error instanceof Error ? error.message : error);
    throw new Error(`Cannot open outbox ${path}: ${why}`, { cause: error });
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Database.SqliteError && error.code.startsWith("SQLITE_BUSY");
}

function migrate(database: Database.Database): void {
  const version = Number(database.pragma("user_version", { simple: true }));
  if (version > SCHEMA_VERSION) {
    throw new Error(`it was written by a newer saxbridge (schema ${version})`);
  }
  if (version === 0) database.exec(`BEGIN EXCLUSIVE; ${SCHEMA} PRAGMA user_version = 1; COMMIT`);
}

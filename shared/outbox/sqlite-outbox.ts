import Database from "better-sqlite3";
import type { Logger } from "../observe/logger.ts";
import type { Journal, Row } from "./outbox.ts";

const SCHEMA_VERSION = 1;

const SCHEMA = `
  CREATE TABLE entry (
    seq INTEGER PRIMARY KEY,
    queue TEXT NOT NULL,
    id TEXT NOT NULL,
    at INTEGER NOT NULL,
    value TEXT NOT NULL
  ) STRICT;
`;

/**
 * How many times as long as a commit took the next one has to wait, so that waiting for the disk takes
 * a small part of the time whatever the disk: under load commits grow instead of following each other.
 */
const REST = 20;

/** No row waits longer than this for its commit, in milliseconds. */
const LONGEST_REST = 100;

/** How long removed rows may wait for a commit of their own, in milliseconds. */
const REMOVAL_DELAY = 50;

/** How long to wait after a commit that failed, in milliseconds. */
const RETRY_DELAY = 5_000;

export interface SqliteJournal extends Journal {
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
  const insert = database.prepare("INSERT INTO entry VALUES (?, ?, ?, ?, ?)");
  const remove = database.prepare("DELETE FROM entry WHERE seq = ?");
  const select = database.prepare<[string], Row>(
    "SELECT * FROM entry WHERE queue = ? ORDER BY seq",
  );
  const begin = database.prepare("BEGIN IMMEDIATE");
  const commit = database.prepare("COMMIT");
  let lastSeq = database.prepare<[], number>("SELECT max(seq) FROM entry").pluck().get() ?? 0;

  const added = new Map<number, Row>();
  const removed = new Set<number>();
  let waiting: (() => void)[] = [];
  let restUntil = 0;
  let failing = false;

  const write = () => {
    begin.run();
    for (const row of added.values()) insert.run(row.seq, row.queue, row.id, row.at, row.value);
    for (const seq of removed) remove.run(seq);
    commit.run();
    added.clear();
    removed.clear();
  };

  const flush = () => {
    plan.cancel();
    const since = performance.now();
    try {
      if (added.size > 0 || removed.size > 0) write();
      if (failing) log.info("outbox on disk again");
      failing = false;
    } catch (error) {
      if (database.inTransaction) database.exec("ROLLBACK");
      if (!failing) log.error("outbox cannot be written", { error, inMemory: added.size });
      failing = true;
      plan.within(RETRY_DELAY);
    }
    const now = performance.now();
    restUntil = now + Math.min(LONGEST_REST, (now - since) * REST);
    const committed = waiting;
    waiting = [];
    for (const callback of committed) callback();
  };
  const plan = planned(flush);
  const flushWithin = (ms: number) => {
    if (!failing) plan.within(Math.max(ms, restUntil - performance.now()));
  };

  return {
    nextSeq: () => ++lastSeq,
    append(row, withinMs, committed) {
      added.set(row.seq, row);
      if (committed !== undefined) waiting.push(committed);
      flushWithin(withinMs);
    },
    remove(seq) {
      if (added.delete(seq)) return;
      removed.add(seq);
      flushWithin(REMOVAL_DELAY);
    },
    load: (queue) => select.all(queue),
    close() {
      flush();
      plan.cancel();
      database.close();
    },
  };
}

/** Runs something once, at the earliest of the times that were asked for; 0 is the end of this turn. */
function planned(run: () => void) {
  let due = Number.POSITIVE_INFINITY;
  let cancel = () => {};
  return {
    within(ms: number) {
      const at = performance.now() + ms;
      if (at >= due) return;
      cancel();
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
      cancel();
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

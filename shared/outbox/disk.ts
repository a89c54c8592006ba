import { closeSync, fsync, fsyncSync, openSync } from "node:fs";
import { dirname } from "node:path";
import Database from "better-sqlite3";
import { isFull, isLocked } from "./disk-error.ts";
import type { Sync } from "./grouped-sync.ts";
import { migrate } from "./schema.ts";
import { type Tables, tablesOf } from "./tables.ts";
import type { TrailBounds } from "./trail-table.ts";

/** The SQLite file of a journal. */
export interface Disk {
  readonly tables: Tables;
  /** Waits in a thread until all that was written survives a power cut. */
  readonly sync: Sync;
  close(): void;
}

/** So many pages of the write-ahead log are moved to where they belong at once. */
const LOG_PAGES = 4_000;

/** In bytes: a message that comes alone changes a few pages, which should be small. */
const PAGE = 1_024;

/**
 * Opens the file, and makes it where there is none; waits `patience` milliseconds for whoever has locked
 * it. Throws what SQLite throws.
 *
 * The write-ahead log goes to the disk when we say so (`synchronous=NORMAL`): a transaction then costs
 * what it costs to hand it to the operating system, and waiting for the disk is left to a thread.
 */
export function openDisk(path: string, bounds: TrailBounds, patience: number): Disk {
  const database = openDatabase(path, patience);
  try {
    const tables = tablesOf(database, bounds);
    const log = openLog(`${path}-wal`);
    return {
      tables,
      sync: log.sync,
      close() {
        log.close();
        database.close();
      },
    };
  } catch (error) {
    database.close();
    throw error;
  }
}

function openDatabase(path: string, patience: number): Database.Database {
  try {
    return prepare(path, "NORMAL", patience);
  } catch (error) {
    // Sharing the file with whoever looks into it takes room for an index; without, it is in memory.
    if (isFull(error)) return prepare(path, "EXCLUSIVE", patience);
    throw error;
  }
}

function prepare(path: string, lockingMode: string, patience: number): Database.Database {
  const database = new Database(path, { timeout: patience });
  try {
    database.pragma(`page_size = ${PAGE}`);
    database.pragma(`locking_mode = ${lockingMode}`);
    database.pragma("journal_mode = WAL");
    database.pragma("synchronous = NORMAL");
    database.pragma(`wal_autocheckpoint = ${LOG_PAGES}`);
    migrate(database);
    database.pragma("busy_timeout = 0");
    tryToWrite(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Throws where nothing can ever be written. */
function tryToWrite(database: Database.Database): void {
  try {
    database.exec("BEGIN IMMEDIATE; COMMIT");
  } catch (error) {
    if (!isLocked(error)) throw error;
  }
}

/** The write-ahead log, for waiting until it is on disk. */
function openLog(path: string) {
  const log = openSync(path, "r");
  syncDirectory(dirname(path));
  let isWaiting = false;
  let isClosed = false;
  const closeWhenDone = () => {
    if (isClosed && !isWaiting) closeSync(log);
  };
  return {
    sync: (done: (error?: Error | null) => void) => {
      isWaiting = true;
      fsync(log, (error) => {
        isWaiting = false;
        closeWhenDone();
        done(error);
      });
    },
    close: () => {
      isClosed = true;
      closeWhenDone();
    },
  };
}

/** Without it a power cut could take a new file away, whatever is in it. */
function syncDirectory(path: string): void {
  const directory = openSync(path, "r");
  fsyncSync(directory);
  closeSync(directory);
}

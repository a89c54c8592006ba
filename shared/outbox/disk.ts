import { closeSync, existsSync, fsyncSync, openSync, statSync } from "node:fs";
import { dirname } from "node:path";
import Database from "better-sqlite3";
import type { Clock } from "../clock.ts";
import { isFull, isLocked } from "./disk-error.ts";
import type { Sync } from "./grouped-sync.ts";
import { ensurePrivateFile } from "./private-file.ts";
import { migrate } from "./schema.ts";
import { type Tables, tablesOf } from "./tables.ts";
import type { TrailBounds } from "./trail-table.ts";
import { TOO_LONG, WriteAheadLog } from "./write-ahead-log.ts";

/** The SQLite file of a journal. */
export interface Disk {
  readonly tables: Tables;
  /** Waits in a thread until all that was written survives a power cut. */
  readonly sync: Sync;
  /** Why nobody will ever find in the file what is written into it; undefined as long as all is well. */
  damage(): Error | undefined;
  close(): void;
}

export interface DiskOptions {
  readonly trail: TrailBounds;
  readonly clock: Pick<Clock, "now" | "wallNow">;
  /** How long to wait for whoever has locked the file, in milliseconds. */
  readonly patience: number;
}

/** In bytes: a message that comes alone changes a few pages, which should be small. */
const PAGE = 1_024;

/**
 * Opens the file, and makes it where there is none. Throws what SQLite or the system throws.
 *
 * The write-ahead log goes to the disk when we say so (`synchronous=NORMAL`): a transaction then costs
 * what it costs to hand it to the operating system, and waiting for the disk is left to a thread.
 */
export function openDisk(path: string, { trail, clock, patience }: DiskOptions): Disk {
  // A run that was killed may have moved something into it that is not on disk.
  if (existsSync(path)) syncNow(path);
  ensurePrivateFile(path);
  const { database, isShared } = openDatabase(path, patience);
  try {
    const tables = tablesOf(database, trail, clock);
    const log = new WriteAheadLog(database, isShared);
    // Or a power cut could take a new file away, whatever is in it.
    syncNow(dirname(path));
    const inode = inodeOf(path);
    return {
      tables,
      sync: (done) => log.sync(done),
      damage: () => (inodeOf(path) === inode ? log.damage : new Error("somebody removed the file")),
      close: () => log.close(),
    };
  } catch (error) {
    database.close();
    throw error;
  }
}

function openDatabase(path: string, patience: number) {
  try {
    return { database: prepare(path, "NORMAL", patience), isShared: true };
  } catch (error) {
    if (!isFull(error)) throw error;
    // To share the file takes room for an index; whoever has it alone has that in memory.
    return { database: prepare(path, "EXCLUSIVE", patience), isShared: false };
  }
}

function prepare(path: string, lockingMode: string, patience: number): Database.Database {
  const database = new Database(path, { timeout: patience });
  try {
    database.pragma(`page_size = ${PAGE}`);
    database.pragma(`locking_mode = ${lockingMode}`);
    database.pragma("journal_mode = WAL");
    database.pragma("synchronous = NORMAL");
    database.pragma(`wal_autocheckpoint = ${TOO_LONG}`);
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

function inodeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino;
}

/** Waits for the disk. */
function syncNow(path: string): void {
  const fd = openSync(path, "r");
  fsyncSync(fd);
  closeSync(fd);
}

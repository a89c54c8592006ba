import { closeSync, fsync, openSync } from "node:fs";
import Database from "better-sqlite3";

/** From so many pages on, the log is moved into the file: a megabyte. */
const LONG = 1_000;

/**
 * It begins anew only when nothing was written while it was moved: that is tried again, but not all the time,
 * in milliseconds.
 */
const PAUSE = 1_000;

/**
 * From so many pages on, SQLite moves the log by itself, and everything waits for it: where we never find
 * a moment in which nothing is written.
 */
export const TOO_LONG = 16_000;

/**
 * The write-ahead log of a database: waits for the disk in a thread, and moves what stands in a long log to
 * where it belongs in the file, so that the log can begin anew.
 *
 * SQLite does that as well, but waits for the disk twice while everything else waits for it. Its order must be
 * kept all the same: first the log is on disk, then it is copied into the file, then that is on disk, and only
 * then the log may be written over. So a second connection reads (https://sqlite.org/wal.html, "Concurrency"):
 * nothing behind the place up to which it sees is copied, and the log does not begin anew before it has ended.
 */
export class WriteAheadLog {
  readonly #database: Database.Database;
  readonly #length: Database.Statement<[], { log: number; checkpointed: number }>;
  /** None where nobody else may open the file. */
  readonly #reader: Database.Database | undefined;
  readonly #log: number;
  readonly #file: number;
  readonly #waitForDisk: WaitForDisk;
  #isHeld = false;
  #heldAt = Number.NEGATIVE_INFINITY;
  #waits = 0;
  #isClosed = false;
  #damage: Error | undefined;

  constructor(database: Database.Database, isShared: boolean, waitForDisk: WaitForDisk = fsync) {
    this.#database = database;
    this.#waitForDisk = waitForDisk;
    this.#length = database.prepare("PRAGMA wal_checkpoint(NOOP)");
    this.#reader = isShared
      ? new Database(database.name, { readonly: true, timeout: 0 })
      : undefined;
    this.#log = openSync(`${database.name}-wal`, "r");
    this.#file = openSync(database.name, "r");
  }

  /**
   * Why what was moved into the file may not be on disk: nobody who asks again will learn of it. Until the
   * database is closed the log still has it all.
   */
  get damage(): Error | undefined {
    return this.#damage;
  }

  /** Waits until all that was written before survives a power cut. */
  sync(done: Done): void {
    const isHeldNow = !this.#isHeld && this.#holdIfLong();
    this.#wait(this.#log, (error) => {
      if (isHeldNow) this.#moveIntoFile(error);
      done(error);
    });
  }

  /** Closes the database as well. */
  close(): void {
    this.#isClosed = true;
    this.#reader?.close();
    this.#database.close();
    this.#closeFiles();
  }

  /** Until it is released, nothing is moved but what is in the log now, and the log does not begin anew. */
  #holdIfLong(): boolean {
    try {
      const { log = 0, checkpointed = 0 } = this.#length.get() ?? {};
      if (log < LONG || log === checkpointed || this.#reader === undefined) return false;
      if (performance.now() - this.#heldAt < PAUSE) return false;
      this.#heldAt = performance.now();
      this.#reader.exec("BEGIN; SELECT 1 FROM sqlite_schema");
      this.#isHeld = true;
    } catch {
      // It is tried again, and SQLite moves by itself what has become too long.
      this.#release();
    }
    return this.#isHeld;
  }

  #release(): void {
    this.#isHeld = false;
    if (this.#reader?.open && this.#reader.inTransaction) this.#reader.exec("ROLLBACK");
  }

  #moveIntoFile(error: Error | null): void {
    if (error !== null || this.#isClosed || !this.#canMove()) return this.#release();
    this.#wait(this.#file, (failure) => {
      if (failure === null) this.#release();
      else this.#damage = failure;
    });
  }

  /** Without a wait for the disk, which is ours to do. */
  #canMove(): boolean {
    this.#database.pragma("synchronous = OFF");
    try {
      this.#database.pragma("wal_checkpoint(PASSIVE)");
      return true;
    } catch {
      // A full disk, for one: the log still has it.
      return false;
    } finally {
      this.#database.pragma("synchronous = NORMAL");
    }
  }

  #wait(file: number, done: Done): void {
    this.#waits += 1;
    this.#waitForDisk(file, (error) => {
      this.#waits -= 1;
      done(error);
      this.#closeFiles();
    });
  }

  /** After the database: whoever closes a file lets go of all locks that his process has on it. */
  #closeFiles(): void {
    if (!this.#isClosed || this.#waits > 0) return;
    closeSync(this.#log);
    closeSync(this.#file);
  }
}

type Done = (error: Error | null) => void;

/** Calls back when all of a file that is open is on disk. */
export type WaitForDisk = (file: number, done: Done) => void;

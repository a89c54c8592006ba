import { errorMessage } from "../error-message.ts";
import type { Logger } from "../observe/logger.ts";
import type { Disk } from "./disk.ts";
import { isDamaged, isLocked } from "./disk-error.ts";
import { GroupedSync } from "./grouped-sync.ts";
import type { Row } from "./journal.ts";
import type { Kept } from "./kept.ts";
import { planned } from "./planned.ts";
import { Trouble } from "./trouble.ts";

/** How long to wait after the disk failed, in milliseconds. */
const RETRY_DELAY = 5_000;

/** How long to wait for another program to be done with the file, in milliseconds. */
const LOCKED_DELAY = 200;

/** How long what nothing hurries may wait, in milliseconds. */
const UNHURRIED = 1_000;

/** A row that is not settled by then has to survive a power cut, in milliseconds. */
const UNSETTLED_SAFE_WITHIN = 100;

/** A power cut may take so much of the past, in milliseconds. */
const SAFE_WITHIN = 1_000;

export interface DiskWriterOptions {
  readonly kept: Kept;
  /** Undefined when it could not be opened. */
  readonly disk: Disk | undefined;
  readonly open: () => Disk;
  /** Moves a damaged file out of the way. */
  readonly setAside: (error: unknown) => void;
  readonly log: Logger;
}

/**
 * Writes what changed in memory to the disk. When that fails, all goes on in memory, and it is tried again
 * until the disk has everything.
 */
export class DiskWriter {
  readonly trouble = new Trouble();
  readonly #options: DiskWriterOptions;
  #disk: Disk | undefined;
  /** To be called when what was appended with them is safe. */
  #waiting: (() => void)[] = [];
  /** Rows for which nobody waits, since the last time that all was safe. */
  #unwatched: Row[] = [];
  #isFailing = false;
  #isClosed = false;

  readonly #sync = new GroupedSync(
    (done) => (this.#disk === undefined ? done() : this.#disk.sync(done)),
    (error) => this.#synced(error),
  );
  readonly #nextFlush = planned(() => this.flush());
  readonly #nextTry = planned(() => this.#write());
  readonly #nextLook = planned(() => this.#lookAtUnsettled());
  readonly #nextSync = planned(() => this.#makeSafe());

  constructor(options: DiskWriterOptions) {
    this.#options = options;
    this.#disk = options.disk;
    if (this.#disk === undefined) this.#write();
  }

  get disk(): Disk | undefined {
    return this.#disk;
  }

  /** Something changed: it is written at the end of this turn, or within a second. */
  changed(isUrgent: boolean): void {
    this.#nextFlush.within(isUrgent ? 0 : UNHURRIED);
  }

  /** A row was appended; `safe` is called when it survives a power cut. */
  appended(row: Row, safe: (() => void) | undefined): void {
    if (safe === undefined) this.#unwatched.push(row);
    else this.#waiting.push(safe);
    this.changed(true);
  }

  flush(): void {
    this.#nextFlush.cancel();
    if (this.#isClosed || !this.#options.kept.isChanged) return;
    if (this.#isFailing) this.#release();
    else this.#write();
  }

  close(): void {
    const { kept, log } = this.#options;
    if (kept.isChanged) this.#write();
    const lost = this.inMemoryOnly;
    if (lost > 0) log.error("outbox closed with entries that are not on disk", { entries: lost });
    this.#isClosed = true;
    for (const plan of [this.#nextFlush, this.#nextTry, this.#nextLook, this.#nextSync]) {
      plan.cancel();
    }
    this.#disk?.close();
    this.#disk = undefined;
  }

  /** How many unsettled entries the disk should have and does not. */
  get inMemoryOnly(): number {
    if (!this.#isFailing) return 0;
    return [...this.#options.kept.queues].reduce((sum, queue) => sum + queue.unsaved, 0);
  }

  /** With a damage that is known already nothing is left to try with the file. */
  #write(damage?: Error): void {
    try {
      if (damage === undefined) this.#save();
      else this.#startAfresh(damage);
    } catch (error) {
      this.#failed(error);
      return;
    }
    this.#isFailing = false;
    if (this.trouble.set("writing", undefined)) this.#options.log.info("outbox on disk again");
    if (this.#waiting.length > 0) this.#makeSafe();
    else if (this.#unwatched.length > 0) this.#nextLook.within(UNSETTLED_SAFE_WITHIN);
    this.#nextSync.within(SAFE_WITHIN);
  }

  #save(): void {
    try {
      this.#saveOnce();
    } catch (error) {
      if (!isDamaged(error)) throw error;
      this.#startAfresh(error);
    }
  }

  #startAfresh(damage: unknown): void {
    // First, because closing deletes the write-ahead log where it finds it.
    this.#options.setAside(damage);
    this.#disk?.close();
    this.#disk = undefined;
    this.#options.kept.forgetDisk();
    this.#saveOnce();
  }

  #saveOnce(): void {
    const { kept, open } = this.#options;
    this.#disk ??= open();
    this.#disk.tables.save(kept);
  }

  #failed(error: unknown): void {
    this.#isFailing = true;
    this.#nextTry.within(isLocked(error) ? LOCKED_DELAY : RETRY_DELAY);
    const sentence = `outbox cannot be written: ${errorMessage(error)}`;
    if (this.trouble.set("writing", sentence)) {
      const { inMemoryOnly } = this;
      this.#options.log.error("outbox cannot be written", { error, inMemoryOnly });
    }
    this.#release();
  }

  /** The disk fails: nobody should wait for it. */
  #release(): void {
    const callbacks = this.#waiting;
    this.#waiting = [];
    this.#unwatched = [];
    // Later, because whoever called us may be in the middle of something.
    queueMicrotask(() => {
      for (const callback of callbacks) callback();
    });
  }

  /** What was settled in the meantime need not be safe. */
  #lookAtUnsettled(): void {
    const { kept } = this.#options;
    if (this.#unwatched.some(({ queue, seq }) => kept.queue(queue).has(seq))) this.#makeSafe();
  }

  #makeSafe(): void {
    const damage = this.#disk?.damage();
    if (damage !== undefined) return this.#write(damage);
    const callbacks = this.#waiting;
    this.#waiting = [];
    this.#unwatched = [];
    this.#nextSync.cancel();
    this.#sync.request(callbacks);
  }

  #synced(error: Error | undefined): void {
    const sentence = error && `outbox may not survive a power cut: ${errorMessage(error)}`;
    if (!this.trouble.set("syncing", sentence)) return;
    if (error === undefined) this.#options.log.info("outbox safe again");
    else this.#options.log.error("outbox cannot be synced", { error });
  }
}

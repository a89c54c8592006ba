import { BySeq } from "./by-seq.ts";
import type { KeptRow, Row } from "./journal.ts";

/** What a disk holds of one queue. */
export interface StoredQueue {
  readonly queue: string;
  /** By rising seq; some of them may be settled. */
  readonly rows: readonly Row[];
  /** The last seq of each batch, rising. */
  readonly batches: readonly number[];
  readonly progress: Progress;
}

/** How far a queue has come. */
interface Progress {
  /** The oldest seq that is not settled; all below it are. */
  readonly front: number;
  /** The few above the front that are settled. */
  readonly beyond: readonly number[];
  /** Those that are being said, or that a run before this one may have said. */
  readonly said: readonly number[];
}

/** What a disk has to be told about one queue. */
export interface QueueChanges {
  /** By rising seq, none of them settled. */
  readonly rows: readonly Row[];
  /** The last seqs of the batches of which every row is settled. */
  readonly doneBatches: readonly number[];
  /** Undefined when it is as it was. */
  readonly progress: Progress | undefined;
}

const AT_THE_BEGINNING: Progress = { front: 0, beyond: [], said: [] };

/**
 * The rows of one queue that are not settled, in memory, and what of all that the disk does not know
 * yet. Rows that are written together form a batch, and go when all of them are settled.
 */
export class KeptRows {
  readonly queue: string;
  /** Some earlier run left these rows, and nobody has asked for them in this one. */
  isUnclaimed: boolean;
  /** The unsettled rows. */
  readonly #rows = new BySeq<Row>();
  readonly #said: Set<number>;
  readonly #beyond: Set<number>;
  #front: number;
  /** The unsettled rows that are not on disk, by rising seq. */
  #unsaved = new Map<number, Row>();
  #batches: number[];
  #hasMoved = false;

  constructor({
    queue,
    rows = [],
    batches = [],
    progress = AT_THE_BEGINNING,
  }: Pick<StoredQueue, "queue"> & Partial<StoredQueue>) {
    this.queue = queue;
    this.#front = progress.front;
    this.#beyond = new Set(progress.beyond);
    for (const row of rows) {
      if (row.seq >= this.#front && !this.#beyond.has(row.seq)) this.#rows.add(row.seq, row);
    }
    this.#said = new Set(progress.said.filter((seq) => this.has(seq)));
    this.#batches = [...batches];
    this.isUnclaimed = this.count > 0;
  }

  get count(): number {
    return this.#rows.size;
  }

  has(seq: number): boolean {
    return this.#rows.get(seq) !== undefined;
  }

  /** The unsettled rows, oldest first; rows may come and go while they are looked at. */
  *unsettled(): Generator<KeptRow> {
    for (const row of this.#rows.all()) yield { ...row, wasSaid: this.#said.has(row.seq) };
  }

  add(row: Row): void {
    this.#rows.add(row.seq, row);
    this.#unsaved.set(row.seq, row);
  }

  said(seq: number): void {
    if (!this.has(seq) || this.#said.has(seq)) return;
    this.#said.add(seq);
    this.#hasMoved = true;
  }

  unsaid(seq: number): void {
    if (this.#said.delete(seq)) this.#hasMoved = true;
  }

  settle(seq: number, front: number): void {
    this.#forget(seq);
    if (seq > front) this.#beyond.add(seq);
    this.#hasMoved = true;
    if (front <= this.#front) return;
    this.#front = front;
    let { oldest } = this.#rows;
    while (oldest !== undefined && oldest.seq < front) {
      this.#forget(oldest.seq);
      ({ oldest } = this.#rows);
    }
    for (const settled of this.#beyond) {
      // They are nearly in order: what is missed here is met when the front has come further.
      if (settled >= front) break;
      this.#beyond.delete(settled);
    }
  }

  /** How many unsettled rows are not on disk. */
  get unsaved(): number {
    return this.#unsaved.size;
  }

  /** What the disk does not know; it is asked for again until it is `saved`. */
  changes(): QueueChanges {
    const isOpen = this.#batches.findIndex((last) => last >= this.#front);
    return {
      rows: [...this.#unsaved.values()],
      doneBatches: this.#batches.slice(0, isOpen < 0 ? this.#batches.length : isOpen),
      progress: this.#hasMoved
        ? { front: this.#front, beyond: [...this.#beyond], said: [...this.#said] }
        : undefined,
    };
  }

  /** These changes are on disk, the rows in batches with these last seqs. */
  saved({ doneBatches }: QueueChanges, newBatches: readonly number[]): void {
    if (doneBatches.length > 0) this.#batches.splice(0, doneBatches.length);
    this.#batches.push(...newBatches);
    this.#unsaved.clear();
    this.#hasMoved = false;
  }

  /** The disk has lost everything. */
  forgetDisk(): void {
    this.#unsaved = new Map([...this.#rows.all()].map((row) => [row.seq, row]));
    this.#batches = [];
    this.#hasMoved = true;
  }

  #forget(seq: number): void {
    this.#rows.remove(seq);
    this.#unsaved.delete(seq);
    this.#said.delete(seq);
  }
}

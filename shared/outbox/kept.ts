import type { Clock } from "../clock.ts";
import { KeptRows, type StoredQueue } from "./kept-rows.ts";
import { type IdSlice, RememberedIds } from "./remembered-ids.ts";
import type { KeptFate } from "./trail.ts";

/** What a disk holds of a journal, but for the fates: those are read when somebody asks. */
export interface Stored {
  readonly lastSeq: number;
  readonly queues: readonly StoredQueue[];
  /** By queue. */
  readonly ids: ReadonlyMap<string, readonly IdSlice[]>;
  readonly notes: ReadonlyMap<string, string>;
}

/** How many of the newest fates stay in memory while the disk fails, or where there is none. */
const MOST_FATES = 10_000;

/** All that a journal keeps, in memory, and what of that the disk does not know yet. */
export class Kept {
  lastSeq: number;
  readonly notes: Map<string, string>;
  readonly #clock: Pick<Clock, "now" | "wallNow">;
  readonly #queues: Map<string, KeptRows>;
  readonly #ids: Map<string, RememberedIds>;
  #fates: KeptFate[] = [];
  /** What changed since it was saved last, by name. */
  readonly #changedQueues = new Set<KeptRows>();
  readonly #changedIds = new Set<string>();
  readonly #changedNotes = new Set<string>();

  constructor(
    clock: Pick<Clock, "now" | "wallNow">,
    { lastSeq, queues, ids, notes }: Stored = NOTHING,
  ) {
    this.#clock = clock;
    this.lastSeq = lastSeq;
    this.notes = new Map(notes);
    this.#queues = new Map(queues.map((stored) => [stored.queue, new KeptRows(stored)]));
    this.#ids = new Map(
      [...ids].map(([queue, slices]) => [queue, new RememberedIds(clock, slices)]),
    );
  }

  get queues(): Iterable<KeptRows> {
    return this.#queues.values();
  }

  /** Fates that are not on disk, oldest first. */
  get fates(): readonly KeptFate[] {
    return this.#fates;
  }

  get changedQueues(): Iterable<KeptRows> {
    return this.#changedQueues;
  }

  get changedIds(): Iterable<readonly [queue: string, ids: RememberedIds]> {
    return [...this.#changedIds].map((queue) => [queue, this.ids(queue)] as const);
  }

  /** Their values are undefined where they are forgotten. */
  get changedNotes(): Iterable<readonly [name: string, value: string | undefined]> {
    return [...this.#changedNotes].map((name) => [name, this.notes.get(name)] as const);
  }

  get isChanged(): boolean {
    const { size } = this.#changedQueues;
    return size + this.#changedIds.size + this.#changedNotes.size + this.#fates.length > 0;
  }

  queue(name: string): KeptRows {
    return getOrMake(this.#queues, name, () => new KeptRows({ queue: name }));
  }

  ids(queue: string): RememberedIds {
    return getOrMake(this.#ids, queue, () => new RememberedIds(this.#clock));
  }

  /** The queue, which is going to change. */
  changing(name: string): KeptRows {
    const queue = this.queue(name);
    this.#changedQueues.add(queue);
    return queue;
  }

  remember(queue: string, id: string): void {
    this.ids(queue).add(id);
    this.#changedIds.add(queue);
  }

  setNote(name: string, value: string | undefined): void {
    if (value === undefined) this.notes.delete(name);
    else this.notes.set(name, value);
    this.#changedNotes.add(name);
  }

  addFate(fate: KeptFate): void {
    this.#fates.push(fate);
    if (this.#fates.length > 2 * MOST_FATES) this.#fates = this.#fates.slice(-MOST_FATES);
  }

  /** All changes are on disk. */
  saved(): void {
    this.#changedQueues.clear();
    this.#changedIds.clear();
    this.#changedNotes.clear();
    this.#fates = [];
  }

  /** The disk has lost everything: all that is known here has to be saved again. */
  forgetDisk(): void {
    for (const [name, queue] of this.#queues) {
      queue.forgetDisk();
      this.changing(name);
    }
    for (const [queue, ids] of this.#ids) {
      ids.forgetDisk();
      this.#changedIds.add(queue);
    }
    for (const name of this.notes.keys()) this.#changedNotes.add(name);
  }
}

const NOTHING: Stored = { lastSeq: 0, queues: [], ids: new Map(), notes: new Map() };

function getOrMake<V>(map: Map<string, V>, key: string, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

import type { Clock } from "../clock.ts";

/** Ids that were settled at about the same time. */
export interface IdSlice {
  /** Rises from slice to slice. */
  readonly n: number;
  /** When the first of them was settled, in milliseconds since 1970. */
  readonly at: number;
  readonly ids: readonly string[];
}

/** What a disk has to be told about the ids of one queue. */
export interface IdChanges {
  readonly slices: readonly IdSlice[];
  /** The slices up to this one are forgotten. */
  readonly goneTo: number;
}

/** How long an id is remembered, in milliseconds. */
const REMEMBERED_FOR = 86_400_000;

const MOST_IDS = 100_000;

/** A slice is forgotten as a whole, so it must be small beside all that is remembered. */
const MOST_IN_SLICE = 1_000;

/** Nor may it stand for a long time, in milliseconds. */
const LONGEST_SLICE = 60_000;

interface Slice extends IdSlice {
  /** When the first of them was settled by the monotonic clock, which nobody sets. */
  readonly born: number;
  readonly ids: string[];
}

/** The ids that one queue has settled within a day, 100,000 of them at most: the oldest are forgotten. */
export class RememberedIds {
  readonly #clock: Pick<Clock, "now" | "wallNow">;
  readonly #slices: Slice[];
  readonly #ids: Set<string>;
  #lastN: number;
  #savedN: number;
  #goneTo = 0;

  constructor(clock: Pick<Clock, "now" | "wallNow">, stored: readonly IdSlice[] = []) {
    this.#clock = clock;
    const now = clock.now();
    const wallNow = clock.wallNow();
    this.#slices = stored.map(({ n, at, ids }) => {
      const age = Math.max(0, wallNow - at);
      return { n, at, born: now - age, ids: [...ids] };
    });
    this.#ids = new Set(stored.flatMap(({ ids }) => ids));
    this.#lastN = stored.at(-1)?.n ?? 0;
    this.#savedN = this.#lastN;
  }

  add(id: string): void {
    if (this.#ids.has(id)) return;
    this.#ids.add(id);
    const last = this.#slices.at(-1);
    if (last !== undefined && this.#isOpen(last)) last.ids.push(id);
    else this.#begin(id);
    this.#forgetOld();
  }

  has(id: string): boolean {
    this.#forgetOld();
    return this.#ids.has(id);
  }

  changes(): IdChanges {
    const unsaved = this.#slices.findLastIndex(({ n }) => n <= this.#savedN) + 1;
    return { slices: this.#slices.slice(unsaved), goneTo: this.#goneTo };
  }

  saved(): void {
    this.#savedN = this.#lastN;
    this.#goneTo = 0;
  }

  /** The disk has lost everything. */
  forgetDisk(): void {
    this.#savedN = 0;
    this.#goneTo = 0;
  }

  #isOpen({ n, born, ids }: Slice): boolean {
    const age = this.#clock.now() - born;
    return n > this.#savedN && ids.length < MOST_IN_SLICE && age < LONGEST_SLICE;
  }

  #begin(id: string): void {
    this.#lastN += 1;
    const born = this.#clock.now();
    this.#slices.push({ n: this.#lastN, at: this.#clock.wallNow(), born, ids: [id] });
  }

  #forgetOld(): void {
    const limit = this.#clock.now() - REMEMBERED_FOR;
    let [oldest] = this.#slices;
    while (oldest !== undefined && (oldest.born < limit || this.#ids.size > MOST_IDS)) {
      for (const id of oldest.ids) this.#ids.delete(id);
      this.#goneTo = oldest.n;
      this.#slices.shift();
      [oldest] = this.#slices;
    }
  }
}

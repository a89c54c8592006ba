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

/** The ids that one queue has settled within a day, 100,000 of them at most: the oldest are forgotten. */
export class RememberedIds {
  readonly #slices: { readonly n: number; readonly at: number; readonly ids: string[] }[];
  readonly #ids: Set<string>;
  #lastN: number;
  #savedN: number;
  #goneTo = 0;

  constructor(stored: readonly IdSlice[] = []) {
    this.#slices = stored.map(({ n, at, ids }) => ({ n, at, ids: [...ids] }));
    this.#ids = new Set(stored.flatMap(({ ids }) => ids));
    this.#lastN = stored.at(-1)?.n ?? 0;
    this.#savedN = this.#lastN;
  }

  /** `now` is in milliseconds since 1970. */
  add(id: string, now: number): void {
    if (this.#ids.has(id)) return;
    this.#ids.add(id);
    const last = this.#slices.at(-1);
    if (last !== undefined && this.#isOpen(last, now)) last.ids.push(id);
    else this.#slices.push({ n: ++this.#lastN, at: now, ids: [id] });
    this.#forgetOld(now);
  }

  has(id: string, now: number): boolean {
    this.#forgetOld(now);
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

  #isOpen({ n, at, ids }: IdSlice, now: number): boolean {
    return n > this.#savedN && ids.length < MOST_IN_SLICE && Math.abs(now - at) < LONGEST_SLICE;
  }

  #forgetOld(now: number): void {
    let [oldest] = this.#slices;
    while (
      oldest !== undefined &&
      (oldest.at < now - REMEMBERED_FOR || this.#ids.size > MOST_IDS)
    ) {
      for (const id of oldest.ids) this.#ids.delete(id);
      this.#goneTo = oldest.n;
      this.#slices.shift();
      [oldest] = this.#slices;
    }
  }
}

/** Chance from a seed: the same seed gives the same numbers on every machine. */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 up to 1, but not 1 itself. */
  next(): number {
    // mulberry32: small, public domain, and good enough to choose faults with.
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** From `low` up to `high`, but not `high` itself. */
  between(low: number, high: number): number {
    return low + this.next() * (high - low);
  }
}

/** The item at this part of the list, 0 being its beginning and 1 its end. */
export function itemAt<T>(items: readonly T[], part: number): T | undefined {
  return items[Math.min(items.length - 1, Math.floor(part * items.length))];
}

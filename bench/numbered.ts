/** What a numbered message says; the tag tells one run of messages from another. */
export function numbered(tag: string, number: number): string {
  return `#${tag}.${number}; the quick brown fox jumps over the lazy dog and runs back home`;
}

/** The number in a text that `numbered(tag, ...)` may stand anywhere in; undefined when it does not. */
export function readNumber(tag: string, text: string): number | undefined {
  const [, found, digits] = MARK.exec(text) ?? [];
  return found === tag ? Number(digits) : undefined;
}

const MARK = /#([0-9a-z-]+)\.(\d+);/;

/** What one listener heard of the messages `numbered(tag, 0)` to `numbered(tag, count - 1)`. */
export class Hearing {
  readonly #tag: string;
  readonly #count: number;
  readonly #heardAt = new Map<number, number>();
  #latest = -1;
  #lastAt: number | undefined;
  #repeated = 0;
  #reordered = 0;

  constructor(tag: string, count: number) {
    this.#tag = tag;
    this.#count = count;
  }

  /** Takes a text in which a numbered message may stand anywhere; anything else is not counted. */
  hear(text: string, at: number): void {
    const number = readNumber(this.#tag, text);
    if (number === undefined || number >= this.#count) return;
    this.#lastAt = at;
    if (this.#heardAt.has(number)) {
      this.#repeated += 1;
      return;
    }
    this.#heardAt.set(number, at);
    if (number < this.#latest) this.#reordered += 1;
    else this.#latest = number;
  }

  /** When this message was heard first; undefined when it was not. */
  at(number: number): number | undefined {
    return this.#heardAt.get(number);
  }

  /** When any of them was heard last. */
  get lastAt(): number | undefined {
    return this.#lastAt;
  }

  /** How many different messages were heard. */
  get heard(): number {
    return this.#heardAt.size;
  }

  get isComplete(): boolean {
    return this.heard === this.#count;
  }

  /** In words, what did not come once and in order; none when all did. */
  get faults(): readonly string[] {
    return [
      { count: this.#count - this.heard, what: "lost" },
      { count: this.#repeated, what: "heard twice" },
      { count: this.#reordered, what: "out of order" },
    ]
      .filter(({ count }) => count > 0)
      .map(({ count, what }) => `${count} of ${this.#count} ${what}`);
  }
}

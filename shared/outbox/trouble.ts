/** What is wrong, each of several things in a sentence or not at all. */
export class Trouble {
  readonly #sentences = new Map<string, string>();
  readonly #listeners: ((sentence: string | undefined) => void)[] = [];

  /** All of it in one line; undefined when nothing is wrong. */
  get sentence(): string | undefined {
    return this.#sentences.size === 0 ? undefined : [...this.#sentences.values()].join("; ");
  }

  /** Returns whether that is news: whether one thing is well that was not, or the other way round. */
  set(thing: string, sentence: string | undefined): boolean {
    const isNews = this.#sentences.has(thing) !== (sentence !== undefined);
    if (sentence === undefined) this.#sentences.delete(thing);
    else this.#sentences.set(thing, sentence);
    if (isNews) for (const listener of this.#listeners) listener(this.sentence);
    return isNews;
  }

  onChange(listener: (sentence: string | undefined) => void): void {
    this.#listeners.push(listener);
  }
}

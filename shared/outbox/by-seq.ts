/** Values by rising number: added at the end, removed anywhere, found as the next one after a number. */
export class BySeq<V> {
  readonly #values = new Map<number, V>();
  /** The numbers in order; some of them may be removed already. */
  #seqs: number[] = [];
  /** Where in them the lowest number is: a map takes long to find its first one behind many removed. */
  #start = 0;

  get size(): number {
    return this.#values.size;
  }

  /** The value with the lowest number. */
  get oldest(): V | undefined {
    return this.#values.get(this.#seqs[this.#start] ?? 0);
  }

  get(seq: number): V | undefined {
    return this.#values.get(seq);
  }

  /** All values, by rising number. */
  all(): Iterable<V> {
    return this.#values.values();
  }

  /** The number has to be higher than any before. */
  add(seq: number, value: V): void {
    this.#values.set(seq, value);
    this.#seqs.push(seq);
  }

  remove(seq: number): void {
    this.#values.delete(seq);
    this.#start = this.#present(this.#start);
    // Now and then, so that this costs nothing per number.
    if (this.#seqs.length < 64 || this.#values.size > this.#seqs.length / 2) return;
    this.#seqs = [...this.#values.keys()];
    this.#start = 0;
  }

  /** The value with the lowest number above this one. */
  after(seq: number): V | undefined {
    const i = this.#present(this.#firstAfter(seq));
    return this.#values.get(this.#seqs[i] ?? 0);
  }

  /** The first place from here on whose number is not removed. */
  #present(from: number): number {
    let i = from;
    while (i < this.#seqs.length && !this.#values.has(this.#seqs[i] ?? 0)) i += 1;
    return i;
  }

  #firstAfter(seq: number): number {
    let low = this.#start;
    let high = this.#seqs.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#seqs[middle] ?? 0) > seq) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

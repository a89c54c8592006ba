/** How many bodies are remembered. */
const MOST = 1_000;

/** How many characters of ids and bodies are remembered. */
const MOST_CHARACTERS = 1_000_000;

/**
 * What was said under which id: of more than there is room for, the newest. The bodies themselves, because
 * for what anybody may say a short hash proves nothing.
 */
export class Bodies {
  readonly #bodies = new Map<string, string>();
  #characters = 0;

  constructor(known: Iterable<readonly [string, string]> = []) {
    for (const [id, body] of known) this.add(id, body);
  }

  /** All ids and bodies, oldest first. */
  get all(): readonly (readonly [string, string])[] {
    return [...this.#bodies];
  }

  has(id: string, body: string): boolean {
    return this.#bodies.get(id) === body;
  }

  add(id: string, body: string): void {
    this.delete(id);
    this.#bodies.set(id, body);
    this.#characters += id.length + body.length;
    for (const [oldest] of this.#bodies) {
      if (this.#bodies.size <= MOST && this.#characters <= MOST_CHARACTERS) return;
      this.delete(oldest);
    }
  }

  delete(id: string): void {
    const body = this.#bodies.get(id);
    if (body === undefined) return;
    this.#bodies.delete(id);
    this.#characters -= id.length + body.length;
  }
}

/** What a wait looks for: the first thing for which it is true. */
export type Matches<T> = (item: T) => boolean;

interface Waiter<T> {
  readonly offer: (item: T) => void;
  readonly fail: (why: string) => void;
}

const SHOWN = 8;

/**
 * Everything of one kind that a user has received, in order, and waits for what is still to come.
 * A wait looks at what is there already first, so that nothing can slip through before it.
 */
export class Received<T> {
  readonly #who: string;
  readonly #show: (item: T) => string;
  readonly #items: T[] = [];
  readonly #waiters = new Set<Waiter<T>>();
  readonly #listeners = new Set<(item: T) => void>();
  #end: string | undefined;

  constructor(who: string, show: (item: T) => string) {
    this.#who = who;
    this.#show = show;
  }

  get items(): readonly T[] {
    return this.#items;
  }

  add(item: T): void {
    this.#items.push(item);
    for (const listener of this.#listeners) listener(item);
    for (const waiter of this.#waiters) waiter.offer(item);
  }

  /** Calls the listener with every item from now on. */
  listen(listener: (item: T) => void): void {
    this.#listeners.add(listener);
  }

  /** Nothing more will come: every wait is over now, and every later one at once. */
  end(reason: string): void {
    this.#end ??= reason;
    for (const waiter of this.#waiters) waiter.fail(reason);
  }

  /** Forgets what came until now, so that a wait sees only what comes later. */
  forget(): void {
    this.#items.length = 0;
  }

  /** The first item that matches; rejects after `timeoutMs` with what was seen last. */
  wait(what: string, matches: Matches<T>, timeoutMs: number): Promise<T> {
    const there = this.#items.find(matches);
    return there === undefined ? this.next(what, matches, timeoutMs) : Promise.resolve(there);
  }

  /** As `wait()`, but looks only at what comes after this call. */
  next(what: string, matches: Matches<T>, timeoutMs: number): Promise<T> {
    if (this.#end !== undefined) return Promise.reject(this.#missing(what, this.#end));
    return new Promise((resolve, reject) => {
      const finish = () => {
        clearTimeout(timer);
        this.#waiters.delete(waiter);
      };
      const waiter: Waiter<T> = {
        offer: (item) => {
          if (!matches(item)) return;
          finish();
          resolve(item);
        },
        fail: (why) => {
          finish();
          reject(this.#missing(what, why));
        },
      };
      const timer = setTimeout(() => waiter.fail(`nothing within ${timeoutMs} ms`), timeoutMs);
      this.#waiters.add(waiter);
    });
  }

  #missing(what: string, why: string): Error {
    const last = this.#items.slice(-SHOWN).map((item) => `\n  ${this.#show(item)}`);
    const seen = last.length === 0 ? "nothing was seen" : `seen last:${last.join("")}`;
    return new Error(`${this.#who} did not get ${what}: ${why}; ${seen}`);
  }
}

import { setImmediate } from "node:timers/promises";
import type { Clock } from "../../shared/clock.ts";

interface Sleeper {
  readonly due: number;
  readonly wake: () => void;
}

/** More wakings than this in one `advance()` are a loop that sleeps no time at all. */
const MOST_WAKINGS = 100_000;

/**
 * A clock whose time moves only by `advance()`. It begins at 0 monotonic milliseconds, on 1 January
 * 2026, and `random()` gives one half unless told otherwise.
 */
export class FakeClock implements Clock {
  /** Every wait that was asked for, in milliseconds, in order. */
  readonly slept: number[] = [];
  readonly #random: () => number;
  #now = 0;
  #wall = Date.UTC(2026, 0, 1);
  #sleepers: Sleeper[] = [];

  constructor({ random = () => 0.5 }: { readonly random?: () => number } = {}) {
    this.#random = random;
  }

  now(): number {
    return this.#now;
  }

  wallNow(): number {
    return this.#wall + this.#now;
  }

  random(): number {
    return this.#random();
  }

  /** How many sleeps have not ended yet. */
  get sleeping(): number {
    return this.#sleepers.length;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    this.slept.push(ms);
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = () => {
        signal?.removeEventListener("abort", wake);
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        resolve();
      };
      const sleeper: Sleeper = { due: this.#now + Math.max(0, ms), wake };
      this.#sleepers.push(sleeper);
      signal?.addEventListener("abort", wake, { once: true });
    });
  }

  /**
   * Lets `ms` milliseconds pass: ends every sleep that falls due on the way, earliest first, each at
   * its own time, and lets what waited for it run before the next. `advance(0)` lets what is under
   * way settle.
   */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await setImmediate();
    for (let wakings = 0; ; wakings += 1) {
      const next = this.#earliest();
      if (next === undefined || next.due > end) break;
      if (wakings === MOST_WAKINGS) throw new Error(`Cannot advance ${ms} ms: sleeps never end`);
      this.#now = Math.max(this.#now, next.due);
      next.wake();
      await setImmediate();
    }
    this.#now = end;
  }

  /** Lets time pass in which nothing runs, as when the process is stopped. Whatever falls due waits for `advance()`. */
  freeze(ms: number): void {
    this.#now += ms;
  }

  /** Moves the wall clock alone, as when somebody sets the time. */
  jump(ms: number): void {
    this.#wall += ms;
  }

  #earliest(): Sleeper | undefined {
    return this.#sleepers.reduce<Sleeper | undefined>(
      (first, other) => (first === undefined || other.due < first.due ? other : first),
      undefined,
    );
  }
}

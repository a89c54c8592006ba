import type { Clock } from "./clock.ts";

/** How often we look whether we still run, in milliseconds. */
const TICK = 1_000;

/** Whoever was not called for so long did not run: stopped by a signal, swapped out, asleep with its machine. */
const STANDSTILL = 2_000;

/** For so long after a standstill, in milliseconds, what comes in may have waited for us all the while. */
const CATCHING_UP = 2_000;

/**
 * Knows how old what comes in just now may be. Usually it is new; but whoever has stood still finds the
 * words of that time all at once, and those after which the far side gave us up are not among them.
 */
export class Stall {
  readonly #clock: Clock;
  #tickedAt: number;
  /** The last standstill. */
  #since = Number.NEGATIVE_INFINITY;
  #until = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#tickedAt = clock.now();
  }

  /**
   * Looks, until the signal aborts, whether we still run; once for each connection. On a new one nothing
   * has waited for us.
   */
  async watch(signal: AbortSignal): Promise<void> {
    this.#tickedAt = this.#clock.now();
    this.#until = Number.NEGATIVE_INFINITY;
    while (!signal.aborted) {
      this.#tick();
      await this.#clock.sleep(TICK, signal);
    }
  }

  /** The time from which on it is not sure that we have everything, in monotonic milliseconds: now, as a rule. */
  get heardUpTo(): number {
    this.#tick();
    const now = this.#clock.now();
    return this.#isCatchingUp(now) ? this.#since : now;
  }

  #isCatchingUp(now: number): boolean {
    return now - this.#until < CATCHING_UP;
  }

  #tick(): void {
    const now = this.#clock.now();
    if (now - this.#tickedAt >= STANDSTILL) {
      // One standstill soon after another: nothing was sure in between.
      if (!this.#isCatchingUp(this.#tickedAt)) this.#since = this.#tickedAt;
      this.#until = now;
    }
    this.#tickedAt = now;
  }
}

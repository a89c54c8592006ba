import type { Clock } from "./clock.ts";

/** Rings once, after the time that was set last: setting it again forgets the time before. */
export class Alarm {
  readonly #clock: Clock;
  readonly #ring: () => void;
  #waiting: AbortController | undefined;

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  get isSet(): boolean {
    return this.#waiting !== undefined;
  }

  /** Rings in `ms` milliseconds, and at no other time. */
  set(ms: number): void {
    this.clear();
    this.#waiting = new AbortController();
    void this.#ringAfter(ms, this.#waiting.signal);
  }

  clear(): void {
    this.#waiting?.abort();
    this.#waiting = undefined;
  }

  async #ringAfter(ms: number, forgotten: AbortSignal): Promise<void> {
    await this.#clock.sleep(ms, forgotten);
    if (forgotten.aborted) return;
    this.#waiting = undefined;
    this.#ring();
  }
}

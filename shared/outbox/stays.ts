import type { Stay } from "./drain.ts";

/** The stays in one place, one after another. */
export class Stays {
  readonly #waiting = new Set<() => void>();
  #present: AbortController | undefined;

  /** Undefined while nothing can be said. */
  get present(): Stay | undefined {
    return this.#present && { over: this.#present.signal };
  }

  /** From now on things can be said. */
  begin(): void {
    this.#present = new AbortController();
    for (const wake of this.#waiting) wake();
  }

  /** Nothing can be said any more. */
  end(): void {
    this.#present?.abort();
    this.#present = undefined;
  }

  /** Resolves with the present stay, or the next one; with undefined when the signal aborts before. */
  async wait(signal: AbortSignal): Promise<Stay | undefined> {
    while (this.#present === undefined && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.#waiting.delete(wake);
          signal.removeEventListener("abort", wake);
          resolve();
        };
        this.#waiting.add(wake);
        signal.addEventListener("abort", wake, { once: true });
      });
    }
    return signal.aborted ? undefined : this.present;
  }
}

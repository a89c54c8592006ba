/** Waits for the disk and calls back, with an error when it failed. */
export type Sync = (done: (error?: Error | null) => void) => void;

/**
 * Waits for the disk without holding anything up: one wait at a time, and all who ask meanwhile share the
 * next one.
 */
export class GroupedSync {
  readonly #sync: Sync;
  readonly #onOutcome: (error: Error | undefined) => void;
  #next: (() => void)[] | undefined;
  #isRunning = false;

  constructor(sync: Sync, onOutcome: (error: Error | undefined) => void) {
    this.#sync = sync;
    this.#onOutcome = onOutcome;
  }

  /** Calls all of them back after a wait that began after this call, whether it succeeded or not. */
  request(callbacks: readonly (() => void)[] = []): void {
    this.#next = [...(this.#next ?? []), ...callbacks];
    if (!this.#isRunning) this.#run(this.#next);
  }

  #run(callbacks: readonly (() => void)[]): void {
    this.#isRunning = true;
    this.#next = undefined;
    this.#sync((error) => {
      this.#isRunning = false;
      this.#onOutcome(error ?? undefined);
      for (const callback of callbacks) callback();
      if (this.#next !== undefined && !this.#isRunning) this.#run(this.#next);
    });
  }
}

/** Time and chance as the program sees them; tests put a clock of their own in its place. */
export interface Clock {
  /** Monotonic milliseconds: for durations and deadlines, never moved by a clock jump. */
  now(): number;
  /** Milliseconds since 1970: for stamps that people read and for what survives a restart. */
  wallNow(): number;
  /** A number in [0, 1). */
  random(): number;
  /** Resolves after `ms` milliseconds, or at once when the signal aborts. Never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  wallNow: () => Date.now(),
  random: () => Math.random(),
  sleep(ms, signal) {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal?.addEventListener("abort", done, { once: true });
    });
  },
};

import type { Clock } from "../clock.ts";

/** How long words on their way get to be confirmed before the connections are closed, in milliseconds. */
const LAST_WORDS = 2_000;

export interface Speaking {
  /** Says things until the signal aborts; resolves when nothing of it is under way any more. */
  readonly speak: (signal: AbortSignal) => Promise<unknown>;
  /** Keeps the connections until the signal aborts; rejects when there is no keeping them. */
  readonly connect: (signal: AbortSignal) => Promise<unknown>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Runs both until the signal aborts, and stops in the order in which nothing is said twice: first no
 * new word, then a moment to hear the last ones confirmed, then the connections. Rejects as `connect`
 * does, after `speak` has stopped.
 */
export async function speakUntilStopped({
  speak,
  connect,
  clock,
  signal,
}: Speaking): Promise<void> {
  const disconnect = new AbortController();
  const broken = new AbortController();
  const connected = connect(disconnect.signal).finally(() => broken.abort());
  // Awaited below; until then a failure must not count as unhandled.
  connected.catch(() => {});
  const mute = AbortSignal.any([signal, broken.signal]);
  const spoken = speak(mute);
  await untilAborted(mute);
  await Promise.race([spoken, clock.sleep(LAST_WORDS, broken.signal)]);
  disconnect.abort();
  await connected;
  await spoken;
}

function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

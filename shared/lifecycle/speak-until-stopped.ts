import type { Clock } from "../clock.ts";
import { untilAborted } from "./until-aborted.ts";

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
 * new word, then a moment to hear the last ones confirmed, then the connections. When one of them ends
 * by itself or fails, so does the other. Rejects as `connect` does, or else as `speak` does, when both
 * have ended.
 */
export async function speakUntilStopped({
  speak,
  connect,
  clock,
  signal,
}: Speaking): Promise<void> {
  const disconnect = new AbortController();
  const broken = new AbortController();
  const mute = AbortSignal.any([signal, broken.signal]);
  const connected = connect(disconnect.signal).finally(() => broken.abort());
  const spoken = speak(mute).finally(() => broken.abort());
  const both = Promise.allSettled([connected, spoken]);
  await untilAborted(mute);
  await clock.sleep(LAST_WORDS, broken.signal);
  disconnect.abort();
  await both;
  await connected;
  await spoken;
}

import type { Clock } from "../../shared/clock.ts";
import { untilAborted } from "../../shared/lifecycle/until-aborted.ts";
import type { Stay } from "../../shared/outbox/drain.ts";

/** What is away for less is back before anybody has read that it is away, in milliseconds. */
const LONG_AWAY = 60_000;

export interface WatchReachOptions {
  /** Resolves when the place can be reached; with undefined when the signal aborted before. */
  readonly stay: (signal: AbortSignal) => Promise<Stay | undefined>;
  /** Told once in every long absence, with its beginning in milliseconds since 1970. */
  readonly onLongAway: (since: number) => void;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Watches whether a place can be reached, until the signal aborts. */
export async function watchReach(options: WatchReachOptions): Promise<void> {
  const { stay, onLongAway, clock, signal } = options;
  while (!signal.aborted) {
    const since = clock.wallNow();
    const back = new AbortController();
    const returning = stay(signal).finally(() => back.abort());
    await clock.sleep(LONG_AWAY, back.signal);
    if (!back.signal.aborted) onLongAway(since);
    const present = await returning;
    if (present === undefined) return;
    await untilAborted(AbortSignal.any([present.over, signal]));
  }
}

import type { Clock } from "../clock.ts";
import { type Complaint, judge } from "../observe/judge.ts";
import type { Logger } from "../observe/logger.ts";
import type { Snapshot } from "../observe/snapshot.ts";

export interface WatchdogOptions {
  /** After so long without being fed the watchdog ends this process, in milliseconds. */
  readonly intervalMs: number;
  readonly snapshot: () => Snapshot;
  readonly feed: () => void;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/**
 * Feeds the watchdog until the signal aborts, twice as often as it asks for, and only while nothing is
 * wrong that a restart heals: a service that hangs in one direction is then started anew, and one whose
 * servers are away is left in peace. Also while messages live in memory only, which a restart would lose.
 */
export async function keepWatchdogFed({
  intervalMs,
  snapshot,
  feed,
  clock,
  log,
  signal,
}: WatchdogOptions): Promise<void> {
  let isFed = true;
  while (!signal.aborted) {
    const complaints = reasonsToRestart(snapshot(), clock.now());
    const isWell = complaints.length === 0;
    if (isWell) feed();
    if (isFed && !isWell) {
      log.error("watchdog not fed", { complaints: complaints.map(({ text }) => text) });
    }
    if (isWell && !isFed) log.info("watchdog fed again");
    isFed = isWell;
    await clock.sleep(intervalMs / 2, signal);
  }
}

function reasonsToRestart(snapshot: Snapshot, now: number): readonly Complaint[] {
  return snapshot.outbox.inMemoryOnly > 0 ? [] : judge(snapshot, now);
}

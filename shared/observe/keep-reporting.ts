import type { Clock } from "../clock.ts";
import type { Count, Counters } from "./counters.ts";
import type { Logger } from "./logger.ts";

const EVERY = 3_600_000;

export interface ReportingOptions {
  readonly counters: Counters;
  readonly log: Logger;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Writes all counts into the log: every hour in which something was counted, and a last time when the
 * signal aborts; it resolves then. They count from the start of the program.
 */
export async function keepReporting({
  counters,
  log,
  clock,
  signal,
}: ReportingOptions): Promise<void> {
  let reported = "";
  const report = () => {
    const counts = Object.fromEntries(counters.all().map((count) => [nameOf(count), count.value]));
    const text = JSON.stringify(counts);
    if (text !== reported && text !== "{}") log.info("counts", { counts });
    reported = text;
  };
  while (!signal.aborted) {
    await clock.sleep(EVERY, signal);
    report();
  }
}

/** `messages{direction=irc-to-room,outcome=delivered}`, as Prometheus writes it. */
function nameOf({ name, labels }: Count): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}=${value}`);
  return pairs.length === 0 ? name : `${name}{${pairs.join(",")}}`;
}

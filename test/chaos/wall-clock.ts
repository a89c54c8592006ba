import type { Span } from "./account.ts";

/** From when on a wall clock was so many milliseconds beside the true one. */
export interface Shift {
  readonly at: number;
  readonly offset: number;
}

/** A clock does not jump at the instant at which it is told to. */
const TOLERANCE_MS = 2_000;

/**
 * What a time from `since` to `until`, as a wall clock showed them that was shifted now and then, may
 * have been by the true clock. It was written down before `heardAt`.
 *
 * The clock showed times between the two whenever it was shifted so that it did; who joins spans knows
 * no better. Who counts back from the end takes the clock of the end for both. Stamps of servers are
 * true whatever our clock shows. And the clock may have jumped between the two, so that each of them has
 * to be taken by itself.
 */
export function trueSpans(
  shown: Span,
  { shifts, heardAt }: { readonly shifts: readonly Shift[]; readonly heardAt: number },
): readonly Span[] {
  const times = shifts.map(({ at, offset }, i) => ({
    offset,
    since: at - TOLERANCE_MS,
    until: Math.min(shifts[i + 1]?.at ?? heardAt, heardAt) + TOLERANCE_MS,
  }));
  const trueTimes = (time: number) =>
    times
      .map(({ offset, ...span }) => ({ at: time - offset, span }))
      .filter(({ at, span }) => at >= span.since && at <= span.until)
      .map(({ at }) => at);
  const across = {
    since: Math.min(...trueTimes(shown.since)),
    until: Math.max(...trueTimes(shown.until)),
  };
  const within = times.map(({ offset, since, until }) => ({
    since: Math.max(since, shown.since - offset),
    until: Math.min(until, shown.until - offset),
  }));
  const countedBack = times
    .map((time) => ({
      time,
      span: { since: shown.since - time.offset, until: shown.until - time.offset },
    }))
    .filter(({ time, span }) => span.until >= time.since && span.until <= time.until)
    .map(({ span }) => span);
  return [shown, across, ...within, ...countedBack].filter(
    ({ since, until }) => since <= until && Number.isFinite(since) && Number.isFinite(until),
  );
}

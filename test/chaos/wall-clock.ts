import type { Span } from "./account.ts";

/** From when on a wall clock was so many milliseconds beside the true one. */
export interface Shift {
  readonly at: number;
  readonly offset: number;
}

/** A clock does not jump at the instant at which it is told to. */
const TOLERANCE_MS = 2_000;

/**
 * What a span by a wall clock that was shifted may have been by the true one: the widest, because a clock
 * that jumped back has shown some times twice. Unchanged where the clock never showed such a time. It
 * was written before `heardAt`, by the true clock.
 */
export function trueSpan(
  { since, until }: Span,
  { shifts, heardAt }: { readonly shifts: readonly Shift[]; readonly heardAt: number },
): Span {
  return {
    since: Math.min(...trueTimes(since, shifts, heardAt)),
    until: Math.max(...trueTimes(until, shifts, heardAt)),
  };
}

function trueTimes(shown: number, shifts: readonly Shift[], heardAt: number): readonly number[] {
  const times = shifts.flatMap(({ at, offset }, i) => {
    const end = Math.min(shifts[i + 1]?.at ?? heardAt, heardAt);
    const time = shown - offset;
    return time >= at - TOLERANCE_MS && time <= end + TOLERANCE_MS ? [time] : [];
  });
  return times.length === 0 ? [shown] : times;
}

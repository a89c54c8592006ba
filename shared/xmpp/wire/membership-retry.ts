/**
 * When it makes sense to try again to get into a room:
 * - `soon`: within seconds, for we were inside and nobody told us to go;
 * - `kicked`: within seconds at first, but seldom for who is kicked again and again;
 * - `later`: within a minute, for the obstacle may pass by itself;
 * - `long`: within half an hour, for somebody has to change their mind or a configuration.
 */
export type Retry = "soon" | "kicked" | "later" | "long";

/** How many milliseconds to wait: drawn from this range, so that bots of one room part ways. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

/** A pause that doubles from `first` to `most` milliseconds while the trouble goes on. */
interface Pause {
  readonly first: number;
  readonly most: number;
}

const second = 1_000;
const minute = 60 * second;

const PAUSES: Readonly<Record<Retry | "unanswered", Pause>> = {
  soon: { first: second, most: 30 * second },
  kicked: { first: 3 * second, most: 5 * minute },
  later: { first: 10 * second, most: 30 * second },
  long: { first: 5 * minute, most: 15 * minute },
  unanswered: { first: 20 * second, most: 2 * minute },
};

/**
 * The pause before the next try after the given number of earlier ones; for `unanswered`, how long to
 * wait for an answer.
 */
export function pauseRange(retry: Retry | "unanswered", times: number): Range {
  const { first, most } = PAUSES[retry];
  const min = Math.min(most, first * 2 ** Math.min(times, 30));
  return { min, max: min * 2 };
}

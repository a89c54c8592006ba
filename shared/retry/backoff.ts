export interface BackoffPolicy {
  /** The longest first wait, in milliseconds. */
  readonly first: number;
  /** The longest wait of all, in milliseconds. */
  readonly max: number;
}

/** Never sooner than this, however the dice fall: a dead server must not turn the loop into a storm. */
const SHORTEST = 100;

/**
 * How many milliseconds to wait before the given attempt (0 is the first retry): a random part of a
 * ceiling that doubles up to `max` ("full jitter"), so that many clients of one server do not return
 * together.
 */
export function backoffDelay(attempt: number, policy: BackoffPolicy, random: () => number): number {
  const ceiling = Math.min(policy.max, policy.first * 2 ** Math.min(attempt, 30));
  return Math.round(Math.max(SHORTEST, random() * ceiling));
}

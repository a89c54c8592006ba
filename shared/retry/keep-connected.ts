import type { Clock } from "../clock.ts";
import { errorMessage } from "../error-message.ts";
import type { Attempts } from "../observe/health.ts";
import type { Logger } from "../observe/logger.ts";
import { type BackoffPolicy, backoffDelay } from "./backoff.ts";

/** Thrown by `connect` when waiting will not help: a wrong password, a wrong configuration. */
export class FatalError extends Error {
  override readonly name = "FatalError";
}

interface Connected {
  /** Resolves with the reason when the session is over. Never rejects. */
  readonly ended: Promise<string>;
}

export interface KeepConnectedOptions {
  /** One attempt; rejects when it fails, with a `FatalError` when there must be no other. */
  readonly connect: (signal: AbortSignal) => Promise<Connected>;
  readonly policy: BackoffPolicy;
  /** A session shorter than this many milliseconds does not reset the backoff. */
  readonly settledAfter?: number;
  /** Told when an attempt begins, and how long the wait before the next one is. */
  readonly attempts?: Attempts;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** A server that gives a new reason each time must not fill the log. */
const MOST_TOLD = 20;

/**
 * The only reconnect loop of the program: connects, waits for the end, backs off and connects again,
 * until the signal says stop. Rejects only with a `FatalError`. The backoff starts over only after a
 * session that stayed up: a server that accepts and closes at once is not healthy.
 */
export async function keepConnected(options: KeepConnectedOptions): Promise<void> {
  const { policy, settledAfter = 10_000, attempts, clock, log, signal } = options;
  let attempt = 0;
  const told = new Set<string>();
  while (!signal.aborted) {
    attempts?.begin();
    const { reason, lastedMs } = await runSession(options);
    if (signal.aborted) return;
    const wasSettled = lastedMs >= settledAfter;
    if (wasSettled) {
      attempt = 0;
      told.clear();
    }
    const wait = backoffDelay(attempt, policy, () => clock.random());
    // The first failure is news, and so are the first of other servers; those that only repeat it are not.
    if (told.has(reason) || told.size >= MOST_TOLD) {
      log.debug("no connection yet", { reason, attempt });
    } else log.warn("no connection", { reason });
    if (!wasSettled) told.add(reason);
    attempt += 1;
    attempts?.wait(wait);
    await clock.sleep(wait, signal);
  }
}

/** Time spent on the attempt does not count: waiting for a server says nothing good of it. */
async function runSession({
  connect,
  clock,
  signal,
}: KeepConnectedOptions): Promise<{ readonly reason: string; readonly lastedMs: number }> {
  try {
    const { ended } = await connect(signal);
    const since = clock.now();
    const reason = await ended;
    return { reason, lastedMs: clock.now() - since };
  } catch (error) {
    if (error instanceof FatalError) throw error;
    return { reason: errorMessage(error), lastedMs: 0 };
  }
}

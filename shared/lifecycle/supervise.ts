import type { Clock } from "../clock.ts";
import { errorMessage } from "../error-message.ts";
import type { BridgeHealth } from "../observe/health.ts";
import type { Logger } from "../observe/logger.ts";
import { FatalError } from "../retry/keep-connected.ts";
import { untilAborted } from "./until-aborted.ts";

export interface Job {
  readonly name: string;
  readonly health: BridgeHealth;
  readonly run: () => Promise<void>;
}

export interface Supervision {
  /** Aborts when the jobs have to end; a bug aborts it, too. */
  readonly stop: AbortController;
  readonly log: Logger;
  readonly clock: Clock;
}

/** Exit codes that people depend on: 0 stopped, 1 a bug, 78 a configuration that cannot work. */
export type ExitCode = 0 | 1 | 78;

/** A stop that takes longer than this is cut short, in milliseconds. */
const STOP_DEADLINE = 4_500;

/**
 * Runs all jobs side by side until each has ended, or until the deadline after the stop. A job that
 * fails for good is said to be `failed` and the others go on; when none is left, the exit code is 78.
 * Any other rejection is a bug: it stops all, and the exit code is 1 whatever else happens, so that the
 * service manager starts a clean process.
 */
export async function supervise(
  jobs: readonly Job[],
  { stop, log, clock }: Supervision,
): Promise<ExitCode> {
  let hasCrashed = false;
  const runJob = async ({ name, health, run }: Job): Promise<"ended" | "failed"> => {
    try {
      await run();
      return "ended";
    } catch (error) {
      health.fail(errorMessage(error));
      if (error instanceof FatalError) {
        log.error("bridge failed", { bridge: name, error });
      } else {
        hasCrashed = true;
        const stack = error instanceof Error ? error.stack : undefined;
        log.error("bridge crashed", { bridge: name, error, stack });
        stop.abort();
      }
      return "failed";
    }
  };

  const over = new AbortController();
  const work = Promise.all(jobs.map(runJob));
  const ends = await Promise.race([work, untilCutShort(stop.signal, over.signal, clock)]);
  over.abort();
  if (ends === "cut short") log.warn("stop cut short", { afterMs: STOP_DEADLINE });
  if (hasCrashed) return 1;
  return ends !== "cut short" && ends.every((end) => end === "failed") ? 78 : 0;
}

/** So that one that hangs cannot hold up the others. */
async function untilCutShort(
  stopped: AbortSignal,
  over: AbortSignal,
  clock: Clock,
): Promise<"cut short"> {
  await untilAborted(AbortSignal.any([stopped, over]));
  await clock.sleep(STOP_DEADLINE, over);
  return "cut short";
}

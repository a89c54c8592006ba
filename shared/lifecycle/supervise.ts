import { errorMessage } from "../error-message.ts";
import type { Health } from "../observe/health.ts";
import type { Logger } from "../observe/logger.ts";
import { FatalError } from "../retry/keep-connected.ts";

export interface Job {
  readonly name: string;
  readonly run: () => Promise<void>;
}

/** Exit codes that people depend on: 0 stopped, 1 a bug, 78 a configuration that cannot work. */
export type ExitCode = 0 | 1 | 78;

/**
 * Runs all jobs side by side until each has ended. A job that fails for good is said to be `failed`
 * and the others go on; when none is left, the exit code is 78. Any other rejection is a bug: `stop`
 * is called, so that the service manager can start a clean process.
 */
export async function supervise(
  jobs: readonly Job[],
  { log, health, stop }: { log: Logger; health: Health; stop: () => void },
): Promise<ExitCode> {
  const runJob = async ({ name, run }: Job): Promise<ExitCode> => {
    try {
      await run();
      return 0;
    } catch (error) {
      const fatal = error instanceof FatalError;
      health.set(name, "failed", errorMessage(error));
      log.error(fatal ? "bridge failed" : "bridge crashed", {
        bridge: name,
        error,
        ...(fatal ? {} : { stack: error instanceof Error ? error.stack : undefined }),
      });
      if (!fatal) stop();
      return fatal ? 78 : 1;
    }
  };
  const codes = await Promise.all(jobs.map(runJob));
  if (codes.includes(1)) return 1;
  return codes.every((code) => code === 78) ? 78 : 0;
}

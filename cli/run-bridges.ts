import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "../shared/clock.ts";
import { errorMessage } from "../shared/error-message.ts";
import type { BridgeContext } from "../shared/lifecycle/bridge.ts";
import { type ExitCode, type Job, supervise } from "../shared/lifecycle/supervise.ts";
import { Counters } from "../shared/observe/counters.ts";
import type { Health } from "../shared/observe/health.ts";
import type { Logger } from "../shared/observe/logger.ts";
import { openSqliteJournal, type SqliteJournal } from "../shared/outbox/sqlite-outbox.ts";
import { CommandError } from "./command-error.ts";
import type { Configuration } from "./configuration.ts";
import { version } from "./version.ts";

/** A stop that takes longer than this is cut short, in milliseconds. */
const STOP_DEADLINE = 4_500;

/** What the bridges of one process have in common. */
export interface Running {
  readonly journal: SqliteJournal;
  readonly log: Logger;
  readonly health: Health;
  /** Stops them all when it aborts; a bridge with a bug aborts it itself. */
  readonly stop: AbortController;
}

/**
 * Runs the configured bridges until `stop` aborts and resolves with the exit code: soon after the stop,
 * even when a bridge hangs.
 */
export async function runBridges(
  { xmpp, bridges }: Configuration,
  { journal, log, health, stop }: Running,
): Promise<ExitCode> {
  const jobs = await loadJobs(bridges, {
    xmpp,
    journal,
    health,
    clock: systemClock,
    log,
    version: version(),
    signal: stop.signal,
    checkOnly: false,
  });
  const work = supervise(jobs, { log, health, stop: () => stop.abort() });
  return await Promise.race([work, cutShort(stop.signal, log)]);
}

/**
 * The configured bridges as jobs. All are loaded before any of them begins, so that nobody takes the
 * links of the first for all links there are.
 */
export async function loadJobs(
  bridges: Configuration["bridges"],
  shared: Omit<BridgeContext, "counters">,
): Promise<readonly Job[]> {
  return await Promise.all(
    bridges.map(async ({ bridge: entry, config }) => {
      const bridge = await entry.load();
      const log = shared.log.child({ bridge: entry.name });
      const context = { ...shared, log, counters: new Counters() };
      return { name: entry.name, run: () => bridge.run(context, config) };
    }),
  );
}

/** Opens the outbox in the state directory; throws a CommandError when that cannot be used. */
export function openJournal(directory: string, log: Logger): SqliteJournal {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    return openSqliteJournal(join(directory, "outbox.sqlite"), log);
  } catch (error) {
    throw new CommandError(78, `${errorMessage(error)}; STATE_DIRECTORY is ${directory}`);
  }
}

/** Resolves some time after the stop, so that one that hangs cannot hold up the others. */
async function cutShort(signal: AbortSignal, log: Logger): Promise<ExitCode> {
  if (!signal.aborted) {
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  }
  await new Promise((resolve) => setTimeout(resolve, STOP_DEADLINE).unref());
  log.warn("stop cut short", { afterMs: STOP_DEADLINE });
  return 0;
}

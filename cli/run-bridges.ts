import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "../shared/clock.ts";
import { errorMessage } from "../shared/error-message.ts";
import type { BridgeContext } from "../shared/lifecycle/bridge.ts";
import { type ExitCode, type Job, supervise } from "../shared/lifecycle/supervise.ts";
import { Counters } from "../shared/observe/counters.ts";
import { BridgeHealth, type Health } from "../shared/observe/health.ts";
import { keepReporting } from "../shared/observe/keep-reporting.ts";
import type { Logger } from "../shared/observe/logger.ts";
import { isLasting } from "../shared/outbox/disk-error.ts";
import { memoryJournal, type OpenJournal } from "../shared/outbox/memory-journal.ts";
import { openSqliteJournal } from "../shared/outbox/sqlite-outbox.ts";
import { CommandError } from "./command-error.ts";
import type { Configuration } from "./configuration.ts";
import { version } from "./version.ts";

/** What the bridges of one process have in common. */
export interface Running {
  readonly journal: OpenJournal;
  readonly log: Logger;
  readonly health: Health;
  /** What each bridge counts is put here under its name. */
  readonly counters: Map<string, Counters>;
  /** Stops them all when it aborts; a bridge with a bug aborts it itself. */
  readonly stop: AbortController;
  /** Called once, as soon as whoever wants to send us something can. */
  readonly ready?: () => void;
}

/**
 * Runs the configured bridges until `stop` aborts and resolves with the exit code: soon after the stop,
 * even when a bridge hangs.
 */
export async function runBridges(
  { xmpp, bridges }: Configuration,
  { journal, log, health, counters, stop, ready }: Running,
): Promise<ExitCode> {
  const jobs = await loadJobs(bridges, {
    xmpp,
    journal,
    health,
    clock: systemClock,
    log,
    counters,
    version: version(),
    signal: stop.signal,
    checkOnly: false,
  });
  const work = supervise(jobs, { log, clock: systemClock, stop });
  await Promise.race([work, health.until(() => !health.has("opening"), stop.signal)]);
  if (!stop.signal.aborted) ready?.();
  for (const { queue, count } of journal.unclaimed()) {
    log.warn("messages kept for a link that does not run", { queue, count });
  }
  return await work;
}

/**
 * The configured bridges as jobs. All are loaded before any of them begins, so that nobody takes the
 * links of the first for all links there are.
 */
export async function loadJobs(
  bridges: Configuration["bridges"],
  shared: Omit<BridgeContext, "counters" | "health"> & Pick<Running, "counters" | "health">,
): Promise<readonly Job[]> {
  return await Promise.all(
    bridges.map(async ({ bridge: entry, config }) => {
      const bridge = await entry.load();
      const log = shared.log.child({ bridge: entry.name });
      const health = new BridgeHealth(entry.name, shared.health);
      const counters = new Counters();
      shared.counters.set(entry.name, counters);
      const context = { ...shared, log, health, counters };
      const run = () => countingWhile(context, () => bridge.run(context, config));
      return { name: entry.name, health, run };
    }),
  );
}

/** Does the work, and writes into the log what was counted in the meantime, also when it fails. */
async function countingWhile(context: BridgeContext, work: () => Promise<void>): Promise<void> {
  const over = new AbortController();
  const reporting = keepReporting({ ...context, signal: over.signal });
  try {
    await work();
  } finally {
    over.abort();
    await reporting;
  }
}

/** What the configuration says of the outbox. */
type OutboxConfig = Pick<
  Configuration["general"],
  "stateDirectory" | "outbox" | "auditDays" | "auditBytes" | "auditTexts"
>;

/**
 * Opens the outbox where the configuration wants it. Throws a CommandError when the state directory cannot
 * be used: with 78 when somebody has to mend it, with 69 when that may pass.
 */
export function openJournal(config: OutboxConfig, log: Logger): OpenJournal {
  const { stateDirectory, outbox, auditDays, auditBytes, auditTexts } = config;
  if (outbox === "memory") return memoryJournal({ keepsTexts: auditTexts });
  try {
    mkdirSync(stateDirectory, { recursive: true, mode: 0o700 });
    return openSqliteJournal(join(stateDirectory, "outbox.sqlite"), log, {
      trail: { keepFor: auditDays, maxBytes: auditBytes },
      keepsTexts: auditTexts,
    });
  } catch (error) {
    throw new CommandError(
      isLasting(error) ? 78 : 69,
      `${errorMessage(error)}; STATE_DIRECTORY is ${stateDirectory}`,
    );
  }
}

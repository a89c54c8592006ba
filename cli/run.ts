import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "../shared/clock.ts";
import type { BridgeContext } from "../shared/lifecycle/bridge.ts";
import { sdNotify, watchdogInterval } from "../shared/lifecycle/sd-notify.ts";
import { supervise } from "../shared/lifecycle/supervise.ts";
import { Counters } from "../shared/observe/counters.ts";
import { Health } from "../shared/observe/health.ts";
import { createLogger } from "../shared/observe/log.ts";
import type { Logger } from "../shared/observe/logger.ts";
import { openSqliteJournal, type SqliteJournal } from "../shared/outbox/sqlite-outbox.ts";
import type { Arguments } from "./command.ts";
import { CommandError } from "./command-error.ts";
import { type Configuration, readConfiguration } from "./configuration.ts";
import { version } from "./version.ts";

/** A stop that takes longer than this is cut short, in milliseconds. */
const STOP_DEADLINE = 4_500;

/** `saxbridge run [BRIDGE...]`: the whole life of the service. */
export async function run({ words, env }: Arguments): Promise<number> {
  const configuration = readConfiguration(words, env);
  const log = createLogger({
    level: configuration.general.logLevel,
    format: configuration.general.logFormat ?? (process.stderr.isTTY ? "pretty" : "json"),
  });
  for (const warning of configuration.warnings) log.warn("unknown variable", { warning });

  const stop = new AbortController();
  const health = new Health();
  const journal = openJournal(configuration.general.stateDirectory, log);
  stopOnSignal(stop, log);
  tellServiceManager(health, stop.signal);
  log.info("starting", {
    version: version(),
    bridges: configuration.bridges.map(({ bridge }) => bridge.name),
  });
  const exitCode = await runBridges(configuration, { journal, health, log, stop });
  journal.close();
  log.info("stopped", { exitCode });
  return exitCode;
}

async function runBridges(
  { bridges, xmpp }: Configuration,
  {
    journal,
    health,
    log,
    stop,
  }: { journal: SqliteJournal; health: Health; log: Logger; stop: AbortController },
): Promise<number> {
  const jobs = bridges.map(({ bridge, config }) => {
    const context: BridgeContext = {
      xmpp,
      journal,
      health,
      clock: systemClock,
      log: log.child({ bridge: bridge.name }),
      counters: new Counters(),
      version: version(),
      signal: stop.signal,
      checkOnly: false,
    };
    return { name: bridge.name, run: () => bridge.run(context, config) };
  });
  const work = supervise(jobs, { log, health, stop: () => stop.abort() });
  return await Promise.race([work, cutShort(stop.signal, log)]);
}

/** Resolves some time after the stop, so that one that hangs cannot hold up the others. */
async function cutShort(signal: AbortSignal, log: Logger): Promise<number> {
  if (!signal.aborted) {
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  }
  await new Promise((resolve) => setTimeout(resolve, STOP_DEADLINE).unref());
  log.warn("stop cut short", { afterMs: STOP_DEADLINE });
  return 0;
}

function openJournal(directory: string, log: Logger): SqliteJournal {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    return openSqliteJournal(join(directory, "outbox.sqlite"), log);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CommandError(78, `${why}; STATE_DIRECTORY is ${directory}`);
  }
}

function stopOnSignal(stop: AbortController, log: Logger): void {
  for (const name of ["SIGTERM", "SIGINT"] as const) {
    process.once(name, () => {
      log.info("stopping", { signal: name });
      stop.abort();
    });
  }
}

function tellServiceManager(health: Health, signal: AbortSignal): void {
  sdNotify("READY=1");
  health.onChange(() => sdNotify(`STATUS=${health.summary()}`));
  signal.addEventListener("abort", () => sdNotify("STOPPING=1"), { once: true });
  const interval = watchdogInterval(process.env);
  if (interval !== undefined) setInterval(() => sdNotify("WATCHDOG=1"), interval / 2).unref();
}

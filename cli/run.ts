import { sdNotify, watchdogInterval } from "../shared/lifecycle/sd-notify.ts";
import { Health } from "../shared/observe/health.ts";
import { createLogger } from "../shared/observe/log.ts";
import type { Arguments } from "./command.ts";
import { readConfiguration, readEnvironment } from "./configuration.ts";
import { runFast } from "./memory.ts";
import { openJournal, runBridges } from "./run-bridges.ts";
import { onStopSignal } from "./stop-signals.ts";
import { version } from "./version.ts";

/** By then everything is loaded and the links are up, where they can be: milliseconds. */
const STARTED = 1_500;

/** `saxbridge run [BRIDGE...]`: the whole life of the service. */
export async function run({ words, env }: Arguments): Promise<number> {
  const configuration = readConfiguration(words, readEnvironment(env));
  const log = createLogger({
    level: configuration.general.logLevel,
    format: configuration.general.logFormat ?? (process.stderr.isTTY ? "pretty" : "json"),
  });
  for (const warning of configuration.warnings) log.warn("unknown variable", { warning });

  const stop = new AbortController();
  const health = new Health();
  const journal = openJournal(configuration.general.stateDirectory, log);
  onStopSignal((signal) => {
    log.info("stopping", { signal });
    stop.abort();
  });
  tellServiceManager(health, stop.signal);
  log.info("starting", {
    version: version(),
    bridges: configuration.bridges.map(({ bridge }) => bridge.name),
  });
  setTimeout(runFast, STARTED).unref();
  const exitCode = await runBridges(configuration, { journal, health, log, stop });
  journal.close();
  log.info("stopped", { exitCode });
  return exitCode;
}

function tellServiceManager(health: Health, signal: AbortSignal): void {
  sdNotify("READY=1");
  health.onChange(() => sdNotify(`STATUS=${health.summary()}`));
  signal.addEventListener("abort", () => sdNotify("STOPPING=1"), { once: true });
  const interval = watchdogInterval(process.env);
  if (interval !== undefined) setInterval(() => sdNotify("WATCHDOG=1"), interval / 2).unref();
}

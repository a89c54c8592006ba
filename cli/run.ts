import { type Notification, sdNotify, watchdogInterval } from "../shared/lifecycle/sd-notify.ts";
import { Health } from "../shared/observe/health.ts";
import { createLogger } from "../shared/observe/log.ts";
import type { Logger } from "../shared/observe/logger.ts";
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
  const ready = keepServiceManagerTold(health, log, stop.signal);
  log.info("starting", {
    version: version(),
    bridges: configuration.bridges.map(({ bridge }) => bridge.name),
  });
  setTimeout(runFast, STARTED).unref();
  const exitCode = await runBridges(configuration, { journal, health, log, stop, ready });
  journal.close();
  log.info("stopped", { exitCode });
  return exitCode;
}

/** Keeps the service manager told how we are; returns how to tell it that we are ready. */
function keepServiceManagerTold(health: Health, log: Logger, signal: AbortSignal): () => void {
  let isReachable = true;
  const tell = (notification: Notification) => {
    const why = sdNotify(notification);
    if (why !== undefined && isReachable) log.warn("service manager not told", { why });
    isReachable = why === undefined;
  };
  health.onChange(() => tell(`STATUS=${health.summary()}`));
  signal.addEventListener("abort", () => tell("STOPPING=1"), { once: true });
  const interval = watchdogInterval(process.env);
  if (interval !== undefined) setInterval(() => tell("WATCHDOG=1"), interval / 2).unref();
  return () => tell("READY=1");
}

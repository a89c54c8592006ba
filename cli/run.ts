import { systemClock } from "../shared/clock.ts";
import { keepWatchdogFed } from "../shared/lifecycle/keep-watchdog-fed.ts";
import { type Notification, sdNotify, watchdogInterval } from "../shared/lifecycle/sd-notify.ts";
import type { Counters } from "../shared/observe/counters.ts";
import { Health } from "../shared/observe/health.ts";
import { createLogger } from "../shared/observe/log.ts";
import type { Logger } from "../shared/observe/logger.ts";
import type { Arguments } from "./command.ts";
import { readConfiguration, readEnvironment } from "./configuration.ts";
import { answerQuestions } from "./control.ts";
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
  const counters = new Map<string, Counters>();
  const journal = openJournal(configuration.general, log);
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
  health.outbox(journal);
  const { trail } = journal;
  const knowledge = { health, counters, trail, clock: systemClock, log };
  const answering = answerQuestions(configuration.general, knowledge);
  const running = { journal, health, counters, log, stop, ready };
  const exitCode = await runBridges(configuration, running);
  const stopAnswering = await answering;
  await stopAnswering();
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
  const intervalMs = watchdogInterval(process.env);
  if (intervalMs !== undefined) {
    const snapshot = () => health.snapshot();
    const feed = () => tell("WATCHDOG=1");
    void keepWatchdogFed({ intervalMs, snapshot, feed, clock: systemClock, log, signal });
  }
  return () => tell("READY=1");
}

import { systemClock } from "../shared/clock.ts";
import { supervise } from "../shared/lifecycle/supervise.ts";
import { Health } from "../shared/observe/health.ts";
import { createLogger } from "../shared/observe/log.ts";
import type { LinkState } from "../shared/observe/snapshot.ts";
import { memoryJournal } from "../shared/outbox/memory-journal.ts";
import type { Arguments } from "./command.ts";
import { type Configuration, readConfiguration, readEnvironment } from "./configuration.ts";
import { loadJobs } from "./run-bridges.ts";
import { untilSettled } from "./until-settled.ts";
import { version } from "./version.ts";

/** How long everything gets to come up, in milliseconds: longer than one attempt anywhere. */
const PATIENCE = 15_000;

/** After so long people should be told what is waited for, in milliseconds. */
const SILENCE = 2_000;

/** `saxbridge check [--connect] [BRIDGE...]`: is the configuration right, and does it lead anywhere? */
export async function check({ words, env, connect }: Arguments): Promise<number> {
  const configuration = readConfiguration(words, readEnvironment(env));
  for (const warning of configuration.warnings) print(`warning  ${warning}`);
  const names = configuration.bridges.map(({ bridge }) => bridge.name).join(" and ");
  print(`ok       the configuration of ${names} is complete`);
  return connect ? await tryToConnect(configuration) : 0;
}

async function tryToConnect({ xmpp, bridges }: Configuration): Promise<number> {
  const health = new Health();
  const log = createLogger({ level: "error", format: "pretty" });
  const stop = new AbortController();
  const jobs = await loadJobs(bridges, {
    xmpp,
    health,
    counters: new Map(),
    log,
    journal: memoryJournal(),
    clock: systemClock,
    version: version(),
    signal: stop.signal,
    checkOnly: true,
  });
  const notice = setTimeout(
    () => print(`waiting  for what is not there yet, ${PATIENCE / 1_000} s in all`),
    SILENCE,
  );
  const settled = untilSettled(health, { patience: PATIENCE, stop: stop.signal });
  const work = supervise(jobs, { log, clock: systemClock, stop });
  await Promise.race([settled, work]);
  clearTimeout(notice);
  const links = [...health.links()];
  stop.abort();
  const isBug = (await work) === 1;
  for (const [name, { at, detail }] of links) {
    print(`${at === "up" ? "ok      " : "problem "} ${name}: ${detail}`);
  }
  return isBug ? 1 : exitCodeOf(links.map(([, { at }]) => at));
}

/** What waiting will not heal comes before what is only not there just now. */
function exitCodeOf(states: readonly LinkState["at"][]): number {
  if (states.includes("failed")) return 78;
  return states.every((at) => at === "up") ? 0 : 69;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

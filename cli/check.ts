import { systemClock } from "../shared/clock.ts";
import { supervise } from "../shared/lifecycle/supervise.ts";
import { Counters } from "../shared/observe/counters.ts";
import { Health } from "../shared/observe/health.ts";
import { createLogger } from "../shared/observe/log.ts";
import { memoryJournal } from "../shared/outbox/memory-journal.ts";
import type { Arguments } from "./command.ts";
import { type Configuration, readConfiguration, readEnvironment } from "./configuration.ts";
import { version } from "./version.ts";

/** How long everything gets to come up, in milliseconds. */
const PATIENCE = 30_000;

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
  const jobs = bridges.map(({ bridge, config }) => ({
    name: bridge.name,
    run: async () =>
      (await bridge.load()).run(
        {
          xmpp,
          health,
          log,
          journal: memoryJournal(),
          clock: systemClock,
          counters: new Counters(),
          version: version(),
          signal: stop.signal,
          checkOnly: true,
        },
        config,
      ),
  }));
  const done = new Promise<void>((resolve) => {
    const links = () => [...health.links().values()];
    health.onChange(() => {
      if (links().every(({ at }) => at !== "down")) resolve();
    });
    setTimeout(resolve, PATIENCE).unref();
  });
  const work = supervise(jobs, { log, health, stop: () => stop.abort() });
  await Promise.race([done, work]);
  const links = [...health.links()];
  stop.abort();
  await work;
  for (const [name, { at, detail }] of links) {
    print(`${at === "up" ? "ok      " : "problem "} ${name}: ${detail}`);
  }
  return links.every(([, { at }]) => at === "up") ? 0 : 69;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

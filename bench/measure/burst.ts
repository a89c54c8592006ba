import { randomUUID } from "node:crypto";
import { systemClock as clock } from "../../shared/clock.ts";
import type { Place } from "../bare/place.ts";
import type { BridgeProcess } from "../bridge-process.ts";
import { Hearing, numbered } from "../numbered.ts";
import { cpuSeconds } from "../process-usage.ts";
import { until } from "../until.ts";

export interface BurstOptions {
  readonly messages: number;
  /** Says all of them as fast as it can. */
  readonly sayAll: (texts: readonly string[]) => Promise<unknown>;
  /** Who hears them through the bridge. */
  readonly far: Place;
  readonly bridge: BridgeProcess;
  /** The servers' processes. */
  readonly servers: Readonly<Record<string, number>>;
}

export interface Burst {
  /** Messages per second, from the first that is said to the last that is heard. */
  readonly throughput: number;
  /** Seconds of CPU that the bridge took for 1,000 messages. */
  readonly cpuPer1000: number;
  /** How busy each process was in the meantime, in percent of one core. */
  readonly busy: Readonly<Record<string, number>>;
  readonly faults: readonly string[];
}

const PATIENCE_MS = 120_000;
const QUIET_MS = 10_000;
/** Confirmations are part of the work, and come behind the last message. */
const CONFIRMATIONS_MS = 300;

/** Says many messages at once, and waits until all are heard or nothing comes any more. */
export async function measureBurst(options: BurstOptions): Promise<Burst> {
  const { messages, sayAll, far, bridge, servers } = options;
  const tag = randomUUID();
  const hearing = new Hearing(tag, messages);
  const deafen = far.onSaid((_nick, text) => hearing.hear(text, clock.now()));
  const texts = Array.from({ length: messages }, (_, number) => numbered(tag, number));
  const pids = { bridge: bridge.pid, ...servers, "the bench itself": process.pid };
  const usedBefore = cpuOfEach(pids);
  const startedAt = clock.now();
  await within(PATIENCE_MS, sayAll(texts));
  const saidAt = clock.now();
  const isQuiet = () => clock.now() - Math.max(saidAt, hearing.lastAt ?? 0) > QUIET_MS;
  await until(() => hearing.isComplete || isQuiet() || !bridge.isRunning, PATIENCE_MS);
  await clock.sleep(CONFIRMATIONS_MS);
  deafen();

  const used = cpuOfEach(pids);
  const spent = (name: string) => (used[name] ?? 0) - (usedBefore[name] ?? 0);
  const seconds = ((hearing.lastAt ?? Number.NaN) - startedAt) / 1_000;
  return {
    throughput: hearing.heard / seconds,
    cpuPer1000: (spent("bridge") / hearing.heard) * 1_000,
    busy: Object.fromEntries(
      Object.keys(pids).map((name) => [name, (spent(name) / seconds) * 100]),
    ),
    faults: hearing.faults,
  };
}

/** Waits no longer than this: who waits for the bridge to take something may wait for ever. */
async function within(patienceMs: number, work: Promise<unknown>): Promise<void> {
  const done = new AbortController();
  const patience = clock.sleep(patienceMs, done.signal);
  await Promise.race([work.finally(() => done.abort()), patience]);
}

function cpuOfEach(pids: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, cpuSeconds(pid)]));
}

const AT_ONCE = 100;

/** Says all texts in a place, and lets others have their turn now and then. */
export async function sayAllIn(place: Place, texts: readonly string[]): Promise<void> {
  for (const [index, text] of texts.entries()) {
    place.say(text);
    if (index % AT_ONCE === AT_ONCE - 1) await clock.sleep(0);
  }
}

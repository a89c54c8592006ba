import { randomUUID } from "node:crypto";
import { systemClock as clock } from "../../shared/clock.ts";
import type { Place } from "../bare/place.ts";
import type { BridgeProcess } from "../bridge-process.ts";
import { Hearing, numbered } from "../numbered.ts";
import { cpuSeconds } from "../process-usage.ts";
import { until } from "../until.ts";

export interface LatencyOptions {
  readonly say: (text: string) => unknown;
  /** Who hears it without the bridge; for announcements nobody does. */
  readonly near?: Place;
  /** Who hears it through the bridge. */
  readonly far: Place;
  readonly bridge: BridgeProcess;
}

export interface Latency {
  /** For each message, milliseconds from when it was said until it was heard through the bridge. */
  readonly totalMs: readonly number[];
  /** ... and until it was heard without the bridge. */
  readonly directMs: readonly number[];
  /** ... and how much later than directly it was heard through the bridge. */
  readonly addedMs: readonly number[];
  readonly cpuPer1000: number;
  readonly faults: readonly string[];
}

const PER_SECOND = 20;
const COUNT = 240;
/** The first of them find code that was not compiled yet. */
const UNCOUNTED = 40;
const PATIENCE_MS = 10_000;

/** Says 20 messages per second for twelve seconds; those of the first two count only as heard or not. */
export async function measureLatency(options: LatencyOptions): Promise<Latency> {
  const { say, near, far, bridge } = options;
  const tag = randomUUID();
  const throughBridge = new Hearing(tag, COUNT);
  const direct = new Hearing(tag, COUNT);
  const deafen = [
    far.onSaid((_nick, text) => throughBridge.hear(text, clock.now())),
    near?.onSaid((_nick, text) => direct.hear(text, clock.now())),
  ];
  const usedBefore = cpuSeconds(bridge.pid);
  const saidAt = await sayPaced(say, tag);
  await until(
    () => throughBridge.isComplete && (near === undefined || direct.isComplete),
    PATIENCE_MS,
  );
  const used = cpuSeconds(bridge.pid) - usedBefore;
  for (const stop of deafen) stop?.();

  const heardAt = saidAt.map((_, number) => throughBridge.at(number));
  const heardDirectlyAt = saidAt.map((_, number) => direct.at(number));
  return {
    totalMs: differences(heardAt, saidAt),
    directMs: differences(heardDirectlyAt, saidAt),
    addedMs: differences(heardAt, heardDirectlyAt),
    cpuPer1000: (used / COUNT) * 1_000,
    faults: throughBridge.faults,
  };
}

/** Resolves with the time at which each message was said. */
async function sayPaced(say: LatencyOptions["say"], tag: string): Promise<readonly number[]> {
  const startedAt = clock.now();
  const saidAt: number[] = [];
  for (let number = 0; number < COUNT; number += 1) {
    await clock.sleep(startedAt + (number * 1_000) / PER_SECOND - clock.now());
    saidAt.push(clock.now());
    await say(numbered(tag, number));
  }
  return saidAt;
}

type Times = readonly (number | undefined)[];

/** How much later each message of `a` came than in `b`, for those that count and came in both. */
function differences(a: Times, b: Times): readonly number[] {
  return a
    .map((at, number) => (at ?? Number.NaN) - (b[number] ?? Number.NaN))
    .slice(UNCOUNTED)
    .filter((ms) => !Number.isNaN(ms));
}

import { randomUUID } from "node:crypto";
import { systemClock as clock } from "../../shared/clock.ts";
import type { Place } from "../bare/place.ts";
import type { BridgeProcess } from "../bridge-process.ts";
import { Hearing, numbered } from "../numbered.ts";
import { cpuSeconds } from "../process-usage.ts";
import { until } from "../until.ts";

export interface LatencyOptions {
  readonly say: (text: string) => unknown;
  /** Who hears it without the bridge; without one, time counts from when it was said. */
  readonly near: Place | undefined;
  /** Who hears it through the bridge. */
  readonly far: Place;
  readonly bridge: BridgeProcess;
}

export interface Latency {
  /** What the bridge added to each message, in milliseconds. */
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

  const addedMs = saidAt.map((said, number) => {
    const start = near === undefined ? said : direct.at(number);
    return (throughBridge.at(number) ?? Number.NaN) - (start ?? Number.NaN);
  });
  return {
    addedMs: addedMs.slice(UNCOUNTED).filter((ms) => !Number.isNaN(ms)),
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

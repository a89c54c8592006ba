import { setImmediate } from "node:timers/promises";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { backoffDelay } from "../../../shared/retry/backoff.ts";
import { FatalError, keepConnected } from "../../../shared/retry/keep-connected.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { silentLog } from "../../support/silent-log.ts";

const policy = { first: 1_000, max: 8_000 };

/** How long a session lasts, or that the attempt fails; after how long, when it is not at once. */
type Outcome = number | "refused" | { readonly after: number; readonly comes: number | "refused" };

/** Runs the loop against scripted outcomes on a clock whose sleeps pass at once; returns the waits. */
async function waits(
  outcomes: readonly Outcome[],
  warned: (event: string) => void = () => {},
): Promise<number[]> {
  const stop = new AbortController();
  let now = 0;
  const slept: number[] = [];
  const rest = [...outcomes];
  await keepConnected({
    policy,
    log: { ...silentLog, warn: warned },
    signal: stop.signal,
    clock: {
      now: () => now,
      wallNow: () => now,
      random: () => 1,
      sleep: async (ms) => {
        slept.push(ms);
        now += ms;
      },
    },
    connect: async () => {
      const next = rest.shift();
      if (next === undefined) stop.abort();
      if (typeof next === "object") now += next.after;
      const outcome = typeof next === "object" ? next.comes : next;
      if (outcome === undefined || outcome === "refused") throw new Error("refused");
      const ended = setImmediate().then(() => {
        now += outcome;
        return "closed";
      });
      return { ended };
    },
  });
  return slept;
}

describe("keepConnected()", () => {
  test("waits longer after each failure, up to the longest wait", async () => {
    const refused = Array.from({ length: 5 }, () => "refused" as const);
    expect(await waits(refused)).toEqual([1_000, 2_000, 4_000, 8_000, 8_000]);
  });

  test("starts over after a session that stayed up", async () => {
    expect(await waits(["refused", "refused", 60_000])).toEqual([1_000, 2_000, 1_000]);
  });

  test("does not start over after a session that ended at once", async () => {
    expect(await waits(["refused", 10, 10])).toEqual([1_000, 2_000, 4_000]);
  });

  test("the time that an attempt takes is no time that a session stayed up", async () => {
    const slow = { after: 60_000, comes: "refused" } as const;
    expect(await waits([slow, slow, { after: 60_000, comes: 10 }, slow])).toEqual([
      1_000, 2_000, 4_000, 8_000,
    ]);
  });

  test("one failure that repeats itself is one warning, however long each attempt takes", async () => {
    const warnings: string[] = [];
    const slow = { after: 60_000, comes: "refused" } as const;
    await waits([slow, slow, slow], (event) => warnings.push(event));
    expect(warnings).toEqual(["no connection"]);
  });

  test("failures of several servers that repeat themselves are one warning each", async () => {
    const stop = new AbortController();
    const reasons: unknown[] = [];
    let attempts = 0;
    await keepConnected({
      policy,
      clock: { now: () => 0, wallNow: () => 0, random: () => 0, sleep: async () => {} },
      log: { ...silentLog, warn: (_event, fields) => void reasons.push(fields?.["reason"]) },
      signal: stop.signal,
      connect: () => {
        attempts += 1;
        if (attempts === 10) stop.abort();
        return Promise.reject(new Error(attempts % 2 === 0 ? "one refused" : "two refused"));
      },
    });
    expect(reasons).toEqual(["two refused", "one refused"]);
  });

  test("gives up when waiting will not help", async () => {
    const hopeless = keepConnected({
      policy,
      clock: new FakeClock(),
      log: silentLog,
      signal: new AbortController().signal,
      connect: () => Promise.reject(new FatalError("wrong password")),
    });
    await expect(hopeless).rejects.toThrow("wrong password");
  });

  test("tells of every attempt, and of every wait before the next", async () => {
    const stop = new AbortController();
    const clock = new FakeClock();
    const told: string[] = [];
    const loop = keepConnected({
      policy,
      clock,
      log: silentLog,
      signal: stop.signal,
      connect: () => Promise.reject(new Error("refused")),
      attempts: {
        begin: () => told.push(`begin at ${clock.now()}`),
        wait: (ms) => told.push(`wait ${ms}`),
        rest: () => told.push("rest"),
      },
    });
    await clock.advance(600);
    stop.abort();
    await loop;
    expect(told).toEqual(["begin at 0", "wait 500", "begin at 500", "wait 1000"]);
  });

  test("stops in the middle of a wait", async () => {
    const stop = new AbortController();
    const loop = keepConnected({
      policy,
      clock: new FakeClock(),
      log: silentLog,
      signal: stop.signal,
      connect: () => Promise.reject(new Error("refused")),
    });
    await Promise.resolve();
    stop.abort();
    await expect(loop).resolves.toBeUndefined();
  });
});

describe("backoffDelay()", () => {
  test("lies between a tenth of a second and the longest wait, whatever the attempt", () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (n, r) => {
          const delay = backoffDelay(n, policy, () => r);
          return delay >= 100 && delay <= policy.max;
        },
      ),
    );
  });
});

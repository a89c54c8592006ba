import { describe, expect, test } from "vitest";
import { supervise } from "../../../shared/lifecycle/supervise.ts";
import { untilAborted } from "../../../shared/lifecycle/until-aborted.ts";
import { BridgeHealth, Health } from "../../../shared/observe/health.ts";
import { FatalError } from "../../../shared/retry/keep-connected.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { silentLog } from "../../support/silent-log.ts";

interface Fake {
  readonly name: string;
  readonly run: () => Promise<void>;
}

function ends(name: string, failure?: unknown): Fake {
  return {
    name,
    run: () => (failure === undefined ? Promise.resolve() : Promise.reject(failure)),
  };
}

/** A job that does not end, whatever it is told. */
const hangs: Fake = { name: "hangs", run: () => new Promise(() => {}) };

function start(fakes: readonly Fake[], stop = new AbortController()) {
  const health = new Health();
  const clock = new FakeClock();
  const events: string[] = [];
  const note = (event: string) => void events.push(event);
  const log = { ...silentLog, error: note, warn: note };
  const jobs = fakes.map((fake) => ({ ...fake, health: new BridgeHealth(fake.name, health) }));
  const code = supervise(jobs, { log, clock, stop });
  return { code, health, clock, stop, events };
}

const hopeless = new FatalError("wrong password");
const bug = new TypeError("undefined is not a function");

describe("supervise()", () => {
  test("gives 0 when every job was told to end", async () => {
    expect(await start([ends("a"), ends("b")]).code).toBe(0);
  });

  test("a job that is hopeless stops no other", async () => {
    const { code, health, stop, events } = start([ends("a", hopeless), ends("b")]);
    expect(await code).toBe(0);
    expect(stop.signal.aborted).toBe(false);
    expect(events).toEqual(["bridge failed"]);
    expect(health.links().get("a")).toEqual({ at: "failed", detail: "wrong password" });
  });

  test("gives 78 when every job is hopeless", async () => {
    expect(await start([ends("a", hopeless), ends("b", hopeless)]).code).toBe(78);
  });

  test("a bug stops all, and gives 1", async () => {
    const { code, stop, events } = start([ends("a", bug), ends("b", hopeless), ends("c")]);
    expect(await code).toBe(1);
    expect(stop.signal.aborted).toBe(true);
    expect(events).toContain("bridge crashed");
  });

  test("a job that throws at once, and one that throws no error, are bugs like others", async () => {
    const thrown = {
      name: "a",
      run: () => {
        throw bug;
      },
    };
    expect(await start([thrown]).code).toBe(1);
    const { code, health } = start([ends("a", "no error at all")]);
    expect(await code).toBe(1);
    expect(health.links().get("a")?.detail).toBe("no error at all");
  });

  test("cuts a stop short for a job that hangs, and gives 0 when the stop was asked for", async () => {
    const { code, clock, stop, events } = start([hangs, ends("a", hopeless)]);
    await clock.advance(60_000);
    expect(events).toEqual(["bridge failed"]);
    stop.abort();
    await clock.advance(4_499);
    expect(events).toEqual(["bridge failed"]);
    await clock.advance(1);
    expect(await code).toBe(0);
    expect(events).toEqual(["bridge failed", "stop cut short"]);
  });

  test("gives 1 after a bug, even when the stop is cut short", async () => {
    const { code, clock } = start([hangs, ends("a", bug)]);
    await clock.advance(4_500);
    expect(await code).toBe(1);
  });

  test("gives 1 after a bug on the way out, even when the stop is cut short", async () => {
    const stop = new AbortController();
    const crashes: Fake = {
      name: "a",
      async run() {
        await untilAborted(stop.signal);
        throw bug;
      },
    };
    const { code, clock } = start([hangs, crashes], stop);
    stop.abort();
    await clock.advance(4_500);
    expect(await code).toBe(1);
  });

  test("leaves no timer behind when all have ended in time", async () => {
    const { code, clock, stop } = start([ends("a")]);
    stop.abort();
    await code;
    await clock.advance(0);
    expect(clock.sleeping).toBe(0);
  });
});

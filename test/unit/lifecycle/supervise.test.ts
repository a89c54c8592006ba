import { describe, expect, test } from "vitest";
import { supervise } from "../../../shared/lifecycle/supervise.ts";
import { Health } from "../../../shared/observe/health.ts";
import { FatalError } from "../../../shared/retry/keep-connected.ts";
import { silentLog } from "../../support/silent-log.ts";

function ends(name: string, failure?: unknown) {
  return {
    name,
    run: () => (failure === undefined ? Promise.resolve() : Promise.reject(failure)),
  };
}

function start(jobs: Parameters<typeof supervise>[0]) {
  const health = new Health();
  const stops: true[] = [];
  const events: string[] = [];
  const log = { ...silentLog, error: (event: string) => void events.push(event) };
  const code = supervise(jobs, { log, health, stop: () => void stops.push(true) });
  return { code, health, stops, events };
}

const hopeless = new FatalError("wrong password");
const bug = new TypeError("undefined is not a function");

describe("supervise()", () => {
  test("gives 0 when every job was told to end", async () => {
    expect(await start([ends("a"), ends("b")]).code).toBe(0);
  });

  test("a job that is hopeless stops no other", async () => {
    const { code, health, stops, events } = start([ends("a", hopeless), ends("b")]);
    expect(await code).toBe(0);
    expect(stops).toEqual([]);
    expect(events).toEqual(["bridge failed"]);
    expect(health.links().get("a")).toEqual({ at: "failed", detail: "wrong password" });
  });

  test("gives 78 when every job is hopeless", async () => {
    expect(await start([ends("a", hopeless), ends("b", hopeless)]).code).toBe(78);
  });

  test("a bug stops all, and gives 1", async () => {
    const { code, stops, events } = start([ends("a", bug), ends("b", hopeless), ends("c")]);
    expect(await code).toBe(1);
    expect(stops).toHaveLength(1);
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
});

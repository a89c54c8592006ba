import { describe, expect, onTestFinished, test } from "vitest";
import { Health } from "../../../shared/observe/health.ts";
import { judge } from "../../../shared/observe/judge.ts";
import { drain, type Fate, type Place } from "../../../shared/outbox/drain.ts";
import { memoryJournal } from "../../../shared/outbox/memory-journal.ts";
import { Outbox } from "../../../shared/outbox/outbox.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { silentLog } from "../../support/silent-log.ts";

const MINUTE = 60_000;

/** A direction with an outbox, and a place that says things so. */
function world(say: (clock: FakeClock) => Promise<Fate>, stay?: Place<string>["stay"]) {
  const clock = new FakeClock();
  const health = new Health(clock);
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const outbox = new Outbox<string>({
    queue: "test",
    journal: memoryJournal(),
    clock,
    log: silentLog,
    maxEntries: 1_000,
    maxBytes: 1_000_000,
    maxAgeMs: 1e9,
    toDisk: "when-said",
    rememberIds: false,
    summarise: () => "left out",
    describe: (text) => ({ nick: undefined, text }),
  });
  health.direction({ name: "test", needs: [], outbox });
  void drain({
    outbox,
    window: 200,
    whenUncertain: "say-again",
    clock,
    log: silentLog,
    signal: stop.signal,
    place: {
      stay: stay ?? (() => Promise.resolve({ over: stop.signal })),
      say: (_entry, written) => {
        written();
        return say(clock);
      },
    },
  });
  const complaints = () => judge(health.snapshot(), clock.now()).map(({ kind }) => kind);
  return { clock, outbox, complaints };
}

describe("a direction", () => {
  test("in which nothing is ever confirmed is stuck after two minutes, and free with a confirmation", async () => {
    const confirm: (() => void)[] = [];
    const { clock, outbox, complaints } = world(
      () => new Promise((resolve) => confirm.push(() => resolve("delivered"))),
    );
    outbox.put(undefined, "one");
    outbox.put(undefined, "two");
    await clock.advance(2 * MINUTE);
    expect(complaints()).toEqual([]);
    await clock.advance(1);
    expect(complaints()).toEqual(["stuck"]);
    confirm[0]?.();
    await clock.advance(0);
    expect(complaints()).toEqual([]);
    await clock.advance(2 * MINUTE + 1);
    expect(complaints()).toEqual(["stuck"]);
    confirm[1]?.();
    await clock.advance(10 * MINUTE);
    expect(complaints()).toEqual([]);
  });

  test.each<[string, Parameters<typeof world>]>([
    [
      "whose place can be reached by nobody",
      [() => Promise.resolve("delivered"), () => new Promise(() => {})],
    ],
    ["that is asked to wait again and again", [() => Promise.resolve("later")]],
    ["that says one thing a minute", [slowly()]],
  ])("%s is not stuck", async (_, [say, stay]) => {
    const { clock, outbox, complaints } = world(say, stay);
    for (let i = 0; i < 100; i += 1) outbox.put(undefined, `${i}`);
    for (let minutes = 0; minutes < 60; minutes += 1) {
      await clock.advance(MINUTE);
      expect(outbox.pending).toBeGreaterThan(0);
      expect(complaints()).toEqual([]);
    }
  });

  test("that was idle for a day is not stuck with its first message", async () => {
    const { clock, outbox, complaints } = world(() => new Promise(() => {}));
    await clock.advance(1_440 * MINUTE);
    outbox.put(undefined, "one");
    expect(complaints()).toEqual([]);
  });
});

/** Each thing is confirmed a minute after the one before it. */
function slowly(): (clock: FakeClock) => Promise<Fate> {
  let freeAt = 0;
  return async (clock) => {
    freeAt = Math.max(freeAt, clock.now()) + MINUTE;
    await clock.sleep(freeAt - clock.now());
    return "delivered";
  };
}

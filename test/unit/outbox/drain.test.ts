import { describe, expect, test } from "vitest";
import { drain, type Fate, type Place } from "../../../shared/outbox/drain.ts";
import { memoryJournal } from "../../../shared/outbox/memory-journal.ts";
import { type Entry, Outbox } from "../../../shared/outbox/outbox.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { silentLog } from "../../support/silent-log.ts";

/** A place that notes what it is told; the test says how each entry fares and when a stay ends. */
class FakePlace implements Place<string> {
  readonly heard: string[] = [];
  readonly fates: Fate[] = [];
  #stay: AbortController | undefined;
  #waiting: (() => void) | undefined;
  #pending: ((fate: Fate) => void)[] = [];

  open(): void {
    this.#stay = new AbortController();
    this.#waiting?.();
  }

  close(): void {
    const stay = this.#stay;
    this.#stay = undefined;
    stay?.abort();
    for (const resolve of this.#pending.splice(0)) resolve("uncertain");
  }

  async stay(signal: AbortSignal) {
    if (this.#stay === undefined) {
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
    }
    return this.#stay && { over: this.#stay.signal };
  }

  say(entry: Entry<string>): Promise<Fate> {
    this.heard.push(entry.value);
    if (entry.value.startsWith("throws")) throw new Error("bug");
    if (entry.value.startsWith("rejects")) return Promise.reject(new Error("bug"));
    const fate = this.fates.shift();
    if (fate !== undefined) return Promise.resolve(fate);
    return new Promise((resolve) => this.#pending.push(resolve));
  }

  confirm(fate: Fate = "delivered"): void {
    this.#pending.shift()?.(fate);
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

function start(window = 10) {
  const stop = new AbortController();
  const clock = new FakeClock();
  const place = new FakePlace();
  const outbox = new Outbox<string>({
    queue: "test",
    journal: memoryJournal(),
    clock,
    log: silentLog,
    maxEntries: 100,
    maxBytes: 10_000,
    toDisk: "before-said",
    summarise: () => "left out",
  });
  const settled: string[] = [];
  const done = drain({
    outbox,
    place,
    window,
    clock,
    log: silentLog,
    signal: stop.signal,
    onSettled: ({ value }, fate) =>
      settled.push(fate === "delivered" ? value : `${value} ${fate.refused}`),
  });
  const put = (...values: string[]) => {
    for (const value of values) outbox.put(value, value);
  };
  return { stop, clock, place, outbox, settled, done, put };
}

describe("drain()", () => {
  test("says what was waiting and what comes later, in order, and settles what is confirmed", async () => {
    const { place, put, settled } = start();
    put("a", "b");
    place.open();
    await turn();
    put("c");
    await turn();
    expect(place.heard).toEqual(["a", "b", "c"]);
    expect(settled).toEqual([]);
    place.confirm();
    await turn();
    expect(settled).toEqual(["a"]);
  });

  test("has no more on the way than the window lets it", async () => {
    const { place, put } = start(2);
    put("a", "b", "c");
    place.open();
    await turn();
    expect(place.heard).toEqual(["a", "b"]);
    place.confirm();
    await turn();
    expect(place.heard).toEqual(["a", "b", "c"]);
  });

  test("says again, first and in order, what was uncertain when a stay ended", async () => {
    const { place, put, settled } = start();
    put("a", "b", "c");
    place.open();
    await turn();
    place.confirm();
    await turn();
    place.close();
    await turn();
    put("d");
    place.open();
    await turn();
    expect(settled).toEqual(["a"]);
    expect(place.heard.slice(3)).toEqual(["b", "c", "d"]);
  });

  test("lets a refused entry go with its reason and goes on with the next", async () => {
    const { place, put, settled } = start();
    place.fates.push({ refused: "forbidden" }, "delivered");
    put("a", "b");
    place.open();
    await turn();
    expect(settled).toEqual(["a forbidden", "b"]);
  });

  test("goes on past an entry that the place cannot handle, once, and in order", async () => {
    const { place, put, settled, outbox } = start(2);
    place.fates.push("delivered", "delivered", "delivered");
    put("throws 1", "a", "rejects", "throws 2", "b", "c");
    place.open();
    for (let i = 0; i < 5; i += 1) await turn();
    expect(place.heard).toEqual(["throws 1", "a", "rejects", "throws 2", "b", "c"]);
    const bugs = settled.filter((text) => text.endsWith(" bug"));
    expect(bugs).toEqual(["throws 1 bug", "rejects bug", "throws 2 bug"]);
    expect(outbox.pending).toBe(0);
  });

  test("waits when the far side asks to, and then says the same entry again", async () => {
    const { place, put, clock, settled } = start(1);
    place.fates.push("later", "delivered");
    put("a");
    place.open();
    await turn();
    expect(settled).toEqual([]);
    await clock.advance(1_000);
    await turn();
    expect([place.heard, settled]).toEqual([["a", "a"], ["a"]]);
  });

  test("says one at a time after it was asked to wait, until one is delivered", async () => {
    const { place, put, clock, settled } = start();
    put("a", "b", "c");
    place.open();
    await turn();
    place.confirm("later");
    place.confirm();
    place.confirm();
    await clock.advance(1_000);
    put("d", "e");
    await turn();
    expect(place.heard.slice(3)).toEqual(["a"]);
    place.confirm();
    await turn();
    expect(place.heard.slice(3)).toEqual(["a", "d", "e"]);
    expect(settled).toEqual(["b", "c", "a"]);
  });

  test("waits longer each time it is asked to, and not for ever", async () => {
    const { place, put, clock } = start();
    place.fates.push(...Array.from({ length: 8 }, () => "later" as const), "delivered");
    put("a");
    place.open();
    await clock.advance(600_000);
    expect(clock.slept).toEqual([1, 2, 4, 8, 16, 30, 30, 30].map((seconds) => seconds * 1_000));
    place.fates.push("later", "delivered");
    put("b");
    await clock.advance(1_000);
    expect(clock.slept.at(-1)).toBe(1_000);
  });

  test("gives up an entry that ended three stays in a row, and says the others", async () => {
    const { place, put, settled, clock } = start();
    put("poison", "a");
    for (let stay = 0; stay < 3; stay += 1) {
      expect(settled).toEqual([]);
      place.open();
      await clock.advance(0);
      place.close();
      await clock.advance(0);
    }
    expect(settled).toEqual(["poison poison"]);
    place.open();
    await clock.advance(0);
    expect(place.heard.slice(6)).toEqual(["a"]);
  });

  test("does not blame an entry that was never written", async () => {
    const { place, put, settled, clock } = start();
    put("waiting for its turn");
    for (let stay = 0; stay < 6; stay += 1) {
      place.fates.push("unsent");
      place.open();
      await clock.advance(0);
      place.close();
      await clock.advance(0);
    }
    expect(settled).toEqual([]);
  });

  test("does not blame an entry for stays that ended after it had come through", async () => {
    const { place, put, settled, clock } = start();
    for (let stay = 0; stay < 6; stay += 1) {
      put(`${stay}`, `${stay} again`);
      place.open();
      await clock.advance(0);
      place.confirm();
      await clock.advance(0);
      place.close();
      await clock.advance(0);
    }
    expect(settled.filter((text) => text.endsWith("poison"))).toEqual([]);
  });

  test("ends when it is told to stop, with nothing settled that was not confirmed", async () => {
    const { place, put, stop, done, outbox } = start();
    put("a");
    place.open();
    await turn();
    stop.abort();
    place.close();
    await done;
    expect(outbox.pending).toBe(1);
  });
});

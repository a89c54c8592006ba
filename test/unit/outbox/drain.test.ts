import { describe, expect, test } from "vitest";
import {
  type DrainOptions,
  drain,
  type Fate,
  type LastFate,
  type Place,
} from "../../../shared/outbox/drain.ts";
import { type Entry, Outbox } from "../../../shared/outbox/outbox.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { FakeJournal } from "../../support/fake-journal.ts";
import { silentLog } from "../../support/silent-log.ts";

/** A place that notes what it is told; the test says how each entry fares and when a stay ends. */
class FakePlace implements Place<string> {
  readonly heard: string[] = [];
  readonly fates: Fate[] = [];
  /** Whether what it is told is handed to the session, or waits for its turn. */
  writes = true;
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

  say(entry: Entry<string>, written: () => void): Promise<Fate> {
    this.heard.push(entry.value);
    if (this.writes) written();
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

const said = (fate: LastFate) => (typeof fate === "object" ? fate.refused : fate);

function start({
  window = 10,
  whenUncertain = "say-again",
  journal = new FakeJournal(),
}: Partial<Pick<DrainOptions<string>, "window" | "whenUncertain">> & {
  readonly journal?: FakeJournal;
} = {}) {
  const stop = new AbortController();
  const clock = new FakeClock();
  const place = new FakePlace();
  const outbox = new Outbox<string>({
    queue: "test",
    journal,
    clock,
    log: silentLog,
    maxEntries: 100,
    maxBytes: 10_000,
    maxAgeMs: 3_600_000,
    toDisk: "when-said",
    rememberIds: false,
    summarise: ({ count, why }) => `${count} ${why}`,
    describe: (text) => ({ nick: undefined, text }),
  });
  const settled: string[] = [];
  const done = drain({
    outbox,
    place,
    window,
    whenUncertain,
    clock,
    log: silentLog,
    signal: stop.signal,
    onSettled: ({ value }, fate) =>
      settled.push(fate === "delivered" ? value : `${value} ${said(fate)}`),
  });
  const put = (...values: string[]) => {
    for (const value of values) outbox.put(value, value);
  };
  /** What the next run finds after a crash: each entry, and whether it may have been heard. */
  const kept = () => {
    journal.flush();
    return journal.rows.map(({ id, wasSaid }) => (wasSaid ? `${id} said` : id));
  };
  return { stop, clock, place, outbox, journal, settled, done, put, kept };
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
    const { place, put } = start({ window: 2 });
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
    place.confirm();
    await turn();
    expect(settled).toEqual(["a", "b"]);
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
    const { place, put, settled, outbox } = start({ window: 2 });
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
    const { place, put, clock, settled } = start({ window: 1 });
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

  test("gives up an entry that ended two stays at once, the second time alone, and says the others", async () => {
    const { place, put, settled, clock, journal } = start();
    put("poison", "a");
    for (const heard of [["poison", "a"], ["poison"]]) {
      expect(settled).toEqual([]);
      place.heard.length = 0;
      place.open();
      await clock.advance(5_000);
      expect(place.heard).toEqual(heard);
      place.close();
      await clock.advance(0);
    }
    expect(settled).toEqual(["poison poison"]);
    place.open();
    await clock.advance(0);
    expect(place.heard.slice(1)).toEqual(["a"]);
    journal.flush();
    expect(journal.fates.map(({ code }) => code)).toEqual(["refused: poison"]);
  });

  test("does not blame an entry for breaks that came long after it was said", async () => {
    const { place, put, settled, clock } = start();
    put("a", "b");
    for (const lasts of [0, 5_001, 0, 5_001, 5_001]) {
      place.open();
      await clock.advance(lasts);
      place.close();
      await clock.advance(3_600_000);
    }
    expect(settled).toEqual([]);
  });

  test("says many at a time again as soon as the one that it suspects has come through", async () => {
    const { place, put, settled, clock } = start();
    put("a", "b", "c");
    place.open();
    await clock.advance(0);
    place.close();
    await clock.advance(0);
    place.open();
    await clock.advance(0);
    expect(place.heard.slice(3)).toEqual(["a"]);
    place.confirm();
    await clock.advance(0);
    expect(place.heard.slice(4)).toEqual(["b", "c"]);
    place.close();
    await clock.advance(0);
    expect(settled).toEqual(["a"]);
  });

  test("finds among many the one that ends every stay", async () => {
    const { place, put, settled, clock } = start();
    put("a", "b", "poison", "c");
    for (let stay = 0; stay < 5; stay += 1) {
      place.heard.length = 0;
      place.open();
      await clock.advance(0);
      if (!place.heard.includes("poison")) place.confirm();
      await clock.advance(0);
      place.close();
      await clock.advance(0);
    }
    expect(settled).toEqual(["a", "b", "poison poison", "c"]);
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

  test("tells the outbox what may have been heard, and what was not said after all", async () => {
    const { place, put, kept } = start();
    put("a", "b", "c");
    place.open();
    await turn();
    expect(kept()).toEqual(["a said", "b said", "c said"]);
    place.confirm();
    place.confirm("unsent");
    place.confirm("later");
    await turn();
    expect(kept()).toEqual(["b", "c"]);
  });

  test("takes for said only what was handed to the session", async () => {
    const { place, put, kept } = start();
    place.writes = false;
    put("a");
    place.open();
    await turn();
    expect(kept()).toEqual(["a"]);
  });

  test.each(["unsent", "uncertain"] as const)(
    "lets nothing new overtake what is %s although the stay goes on",
    async (fate) => {
      const { place, put, clock, settled } = start({ window: 1 });
      put("a", "b");
      place.open();
      await turn();
      place.confirm(fate);
      await turn();
      expect(place.heard).toEqual(["a"]);
      place.fates.push("delivered", "delivered");
      await clock.advance(1_000);
      expect([place.heard, settled]).toEqual([
        ["a", "a", "b"],
        ["a", "b"],
      ]);
    },
  );

  test("lets go of what is too old, and says so", async () => {
    const { place, put, clock, settled } = start();
    put("a", "b");
    await clock.advance(3_600_001);
    place.open();
    await turn();
    expect([settled, place.heard]).toEqual([["a expired", "b expired"], ["2 too old"]]);
  });

  test("does not let go of what waits in the place for its turn, however old it is", async () => {
    const { place, put, clock, settled } = start();
    place.writes = false;
    put("a");
    place.open();
    await clock.advance(3_600_001);
    put("b");
    await turn();
    place.confirm();
    await turn();
    expect([settled, place.heard]).toEqual([["a"], ["a", "b"]]);
  });
});

describe("drain() for a place without a memory", () => {
  test("says nothing again that may have been heard", async () => {
    const { place, put, settled, kept } = start({ whenUncertain: "let-go" });
    put("a", "b");
    place.open();
    await turn();
    place.confirm();
    await turn();
    place.close();
    await turn();
    put("c");
    place.open();
    await turn();
    expect([place.heard, settled]).toEqual([
      ["a", "b", "c"],
      ["a", "b uncertain"],
    ]);
    expect(kept()).toEqual(["c said"]);
  });

  test("says again what was not written", async () => {
    const { place, put, settled } = start({ whenUncertain: "let-go" });
    place.fates.push("unsent");
    put("a");
    place.open();
    await turn();
    place.close();
    place.fates.push("delivered");
    place.open();
    await turn();
    expect([place.heard, settled]).toEqual([["a", "a"], ["a"]]);
  });

  test("lets go at once of what an earlier run said without learning more", async () => {
    const before = start({ whenUncertain: "let-go", window: 2 });
    before.put("a", "b");
    before.place.open();
    await turn();
    before.put("c");
    before.journal.flush();
    before.put("d");
    const after = start({ whenUncertain: "let-go", journal: before.journal.restart() });
    await turn();
    expect(after.settled).toEqual(["a uncertain", "b uncertain"]);
    after.place.open();
    await turn();
    expect(after.place.heard).toEqual(["c"]);
  });

  test("leaves to the next start what is uncertain when it is told to stop", async () => {
    const { place, put, stop, done, settled, kept } = start({ whenUncertain: "let-go" });
    put("a");
    place.open();
    await turn();
    stop.abort();
    place.close();
    await done;
    expect([settled, kept()]).toEqual([[], ["a said"]]);
  });
});

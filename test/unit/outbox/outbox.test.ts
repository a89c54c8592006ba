import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Outbox, type OutboxOptions } from "../../../shared/outbox/outbox.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { FakeJournal } from "../../support/fake-journal.ts";
import { silentLog } from "../../support/silent-log.ts";

const HOUR = 3_600_000;

function outboxOn(journal: FakeJournal, options: Partial<OutboxOptions<string>> = {}) {
  return new Outbox<string>({
    queue: "test",
    journal,
    clock: new FakeClock(),
    log: silentLog,
    maxEntries: 1_000,
    maxBytes: 1_000_000,
    maxAgeMs: HOUR,
    toDisk: "before-said",
    rememberIds: false,
    summarise: ({ count, why }) => `${count} left out: ${why}`,
    describe: (text) => ({ nick: undefined, text }),
    ...options,
  });
}

/** An outbox on a new journal, with a clock that the test moves. */
function start(options: Partial<OutboxOptions<string>> = {}) {
  const journal = new FakeJournal();
  const clock = new FakeClock();
  return { journal, clock, outbox: outboxOn(journal, { clock, ...options }) };
}

/** What the outbox gives out in one stay. */
function give(outbox: Outbox<string>) {
  const given = [];
  for (let seq = 0; ; ) {
    const entry = outbox.giveNext(seq);
    if (entry === undefined) return given;
    given.push(entry);
    seq = entry.seq;
  }
}

const values = (outbox: Outbox<string>) => give(outbox).map(({ value }) => value);

function deliverAll(outbox: Outbox<string>): void {
  for (const entry of give(outbox)) outbox.settle(entry, "delivered");
}

/** An outbox that has just given out that it left one entry out. */
function summarised() {
  const { journal, clock, outbox } = start({ toDisk: "when-said", maxEntries: 1 });
  for (const text of ["a", "b"]) outbox.put(text, text);
  deliverAll(outbox);
  const [summary] = give(outbox);
  if (summary === undefined) throw new Error("no summary");
  return { journal, clock, outbox, summary };
}

describe("Outbox", () => {
  test("gives nothing out before it is safe from a power cut", () => {
    const { journal, outbox } = start();
    outbox.put("1", "hello");
    journal.flush();
    expect(values(outbox)).toEqual([]);
    journal.sync();
    expect(values(outbox)).toEqual(["hello"]);
  });

  test("counts how entries ended, with one number for all refusals", () => {
    const { outbox } = start({ toDisk: "when-said", maxEntries: 3 });
    for (const id of ["1", "2", "3", "4"]) outbox.put(id, id);
    const [first, second, third] = give(outbox);
    if (first !== undefined) outbox.settle(first, "delivered");
    if (second !== undefined) outbox.settle(second, "refused: 404");
    if (third !== undefined) outbox.settle(third, "refused: poison");
    expect(outbox.fates).toEqual({ delivered: 1, refused: 2, "left out": 1 });
  });

  test("gives out at once what may be said when it is written down", () => {
    const { outbox } = start({ toDisk: "when-said" });
    outbox.put("1", "hello");
    expect(values(outbox)).toEqual(["hello"]);
  });

  test("gives out no entry before one that was taken earlier, whatever becomes safe first", () => {
    const safes: (() => void)[] = [];
    const journal = new FakeJournal();
    journal.append = (_row, safe) => void safes.push(safe ?? (() => {}));
    const outbox = outboxOn(journal);
    for (const text of ["a", "b"]) outbox.put(text, text);
    safes[1]?.();
    expect(values(outbox)).toEqual(["a", "b"]);
  });

  test("tells whoever listens that there is something to say, when there is", () => {
    const { journal, outbox } = start();
    const heard: string[] = [];
    outbox.onChange(() => heard.push(...values(outbox)));
    outbox.put("1", "hello");
    expect(heard).toEqual([]);
    journal.sync();
    expect(heard).toEqual(["hello"]);
    outbox.onChange(undefined);
    outbox.put("2", "nobody is there");
    journal.sync();
    expect(heard).toEqual(["hello"]);
  });

  test("has after a crash what was written down and not settled, and knows what may have been heard", () => {
    const { journal, outbox } = start({ toDisk: "when-said" });
    for (const text of ["a", "b", "c", "d"]) outbox.put(text, text);
    const [a, b, c] = give(outbox);
    if (a === undefined || b === undefined || c === undefined) throw new Error("nothing given");
    for (const entry of [a, b, c]) outbox.said(entry);
    outbox.settle(a, "delivered");
    outbox.unsaid(c);
    journal.flush();
    outbox.put("e", "never written down");
    const after = outboxOn(journal.restart());
    expect(after.doubtful.map(({ value }) => value)).toEqual(["b"]);
    expect(values(after)).toEqual(["b", "c", "d"]);
  });

  test("keeps apart what belongs to another queue", () => {
    const { journal, outbox } = start();
    outbox.put("x", "x");
    journal.flush();
    expect(values(outboxOn(journal.restart(), { queue: "other" }))).toEqual([]);
  });

  test("records what became of everything that it was given", () => {
    const { journal, clock, outbox } = start({
      toDisk: "when-said",
      maxEntries: 2,
      describe: (text) => ({ nick: "anna", text }),
    });
    for (const text of ["a", "b", "c"]) outbox.put(text, text);
    const [a] = give(outbox);
    clock.jump(5);
    if (a !== undefined) outbox.settle(a, "refused: 404");
    journal.flush();
    const takenAt = Date.UTC(2026, 0, 1);
    const common = { queue: "test", takenAt, nick: "anna" };
    expect(journal.fates).toEqual([
      { ...common, id: "c", at: takenAt, code: "left out", text: "c" },
      { ...common, id: "a", at: takenAt + 5, code: "refused: 404", text: "a" },
    ]);
  });

  test("records what it is not even given", () => {
    const { journal, outbox } = start();
    outbox.passOver("ignored: notice", { id: "7", nick: "ivan", text: "beep" });
    journal.flush();
    const at = Date.UTC(2026, 0, 1);
    const common = { queue: "test", takenAt: at, at };
    expect(journal.fates).toEqual([
      { ...common, id: "7", code: "ignored: notice", nick: "ivan", text: "beep" },
    ]);
    expect(outbox.pending).toBe(0);
  });

  test("settles an entry once, however often it is told", () => {
    const { journal, outbox } = start();
    outbox.put("1", "hello");
    journal.sync();
    const [entry] = give(outbox);
    if (entry === undefined) throw new Error("no entry");
    outbox.settle(entry, "delivered");
    outbox.settle(entry, "uncertain");
    outbox.said(entry);
    outbox.unsaid(entry);
    journal.flush();
    expect([outbox.pending, journal.rows, journal.fates.length]).toEqual([0, [], 1]);
  });

  test("gives out each unsettled entry once, in order, whatever is put and settled", () => {
    const action = fc.oneof(fc.constant("put"), fc.constant("sync"), fc.nat({ max: 50 }));
    fc.assert(
      fc.property(fc.array(action, { maxLength: 300 }), (actions) => {
        const { journal, outbox } = start();
        const model: string[] = [];
        let n = 0;
        for (const act of actions) {
          if (act === "put") {
            outbox.put(`${n}`, `${n}`);
            model.push(`${n}`);
            n += 1;
          } else if (act === "sync") journal.sync();
          else if (typeof act === "number") {
            const entry = give(outbox)[act];
            if (entry !== undefined) {
              outbox.settle(entry, "delivered");
              model.splice(model.indexOf(entry.value), 1);
            }
          }
        }
        journal.sync();
        expect(values(outbox)).toEqual(model);
      }),
    );
  });
});

describe("an outbox that is full", () => {
  test("leaves out what comes, and says so once there is room", () => {
    const { journal, outbox } = start({ maxEntries: 10 });
    const taken = Array.from({ length: 14 }, (_, i) => outbox.put(`${i}`, `${i}`));
    journal.sync();
    expect(taken.filter((outcome) => outcome === "full")).toHaveLength(4);
    deliverAll(outbox);
    expect(values(outbox)).toEqual([]);
    journal.sync();
    expect(values(outbox)).toEqual(["4 left out: too many"]);
  });

  test("puts the summary where the gap is, before what comes later", () => {
    const { journal, outbox } = start({ maxEntries: 10 });
    for (let i = 0; i < 12; i += 1) outbox.put(`${i}`, `${i}`);
    journal.sync();
    for (const entry of give(outbox).slice(0, 5)) outbox.settle(entry, "delivered");
    expect(outbox.put("late", "late")).toBe("taken");
    journal.sync();
    expect(values(outbox)).toEqual(["5", "6", "7", "8", "9", "2 left out: too many", "late"]);
  });

  test("still knows after a crash how many it left out, and goes on counting", () => {
    const { journal, outbox } = start({ toDisk: "when-said", maxEntries: 2 });
    for (const text of ["a", "b", "c", "d"]) outbox.put(text, text);
    journal.flush();
    const next = journal.restart();
    const after = outboxOn(next, { toDisk: "when-said", maxEntries: 2 });
    expect(after.put("e", "e")).toBe("full");
    deliverAll(after);
    expect(values(after)).toEqual(["3 left out: too many"]);
    next.flush();
    expect(values(outboxOn(next.restart()))).toEqual(["3 left out: too many"]);
  });

  test("logs that it is, and what that cost, once each", () => {
    const logged: unknown[] = [];
    const warn = (event: string, fields: object = {}) => logged.push({ event, ...fields });
    const log = { ...silentLog, warn };
    const { outbox } = start({ toDisk: "when-said", maxEntries: 2, log });
    for (const text of ["a", "b", "c", "d"]) outbox.put(text, text);
    expect(logged).toEqual([{ event: "outbox full", queue: "test", entries: 2 }]);
    deliverAll(outbox);
    deliverAll(outbox);
    expect(logged.slice(1)).toEqual([
      {
        event: "left out",
        queue: "test",
        why: "too many",
        count: 2,
        since: "2026-01-01T00:00:00.000Z",
      },
    ]);
  });

  test("is bounded by bytes too", () => {
    const { outbox } = start({ maxBytes: 100 });
    expect(outbox.put("1", "x".repeat(120))).toBe("taken");
    expect(outbox.put("2", "y")).toBe("full");
  });

  test("makes room of what is too old, also while nobody is there to say it", async () => {
    const { clock, outbox } = start({ toDisk: "when-said", maxEntries: 3 });
    for (const text of ["a", "b"]) outbox.put(text, text);
    await clock.advance(HOUR);
    outbox.put("c", "c");
    await clock.advance(1);
    expect(outbox.put("d", "d")).toBe("taken");
    expect(values(outbox)).toEqual(["c", "d", "2 left out: too old"]);
  });
});

describe("an entry that grows too old", () => {
  test("is let go with its reason, and one summary stands for all", async () => {
    const { journal, clock, outbox } = start({ toDisk: "when-said" });
    const expired: string[] = [];
    outbox.onExpired(({ value }) => expired.push(value));
    for (const text of ["a", "b"]) outbox.put(text, text);
    await clock.advance(1);
    outbox.put("c", "c");
    await clock.advance(HOUR);
    expect(values(outbox)).toEqual(["c", "2 left out: too old"]);
    expect(expired).toEqual(["a", "b"]);
    journal.flush();
    expect(journal.fates.map(({ id, code }) => [id, code])).toEqual([
      ["a", "expired"],
      ["b", "expired"],
    ]);
  });

  test("was not said before, or only the place can tell whether it was heard", async () => {
    const { clock, outbox } = start({ toDisk: "when-said" });
    for (const text of ["a", "b", "c"]) outbox.put(text, text);
    const [a, b, c] = give(outbox);
    if (a === undefined || b === undefined || c === undefined) throw new Error("nothing given");
    outbox.said(a);
    outbox.unsaid(b);
    await clock.advance(2 * HOUR);
    expect(values(outbox)).toEqual(["a", "c", "1 left out: too old"]);
  });

  test("is no older because somebody sets the clock", () => {
    const { clock, outbox } = start({ toDisk: "when-said" });
    outbox.put("a", "a");
    clock.jump(2 * HOUR);
    expect(values(outbox)).toEqual(["a"]);
  });

  test("grows old from when it was said where it comes from, and while nothing runs", async () => {
    const { journal, clock, outbox } = start({ toDisk: "when-said" });
    outbox.put("a", "a", clock.wallNow() - HOUR + 1);
    outbox.put("b", "b");
    journal.flush();
    await clock.advance(HOUR);
    expect(values(outboxOn(journal.restart(), { clock, toDisk: "when-said" }))).toEqual([
      "b",
      "1 left out: too old",
    ]);
  });

  test("is still counted after a crash that came before the summary", async () => {
    const { journal, clock, outbox } = start({ toDisk: "when-said", maxEntries: 1 });
    outbox.put("a", "a");
    await clock.advance(HOUR + 1);
    outbox.put("b", "b");
    journal.flush();
    const after = outboxOn(journal.restart(), { clock, toDisk: "when-said" });
    expect(values(after)).toEqual(["b", "1 left out: too old"]);
  });

  test("makes no more than one summary a minute where one follows the other, and none is forgotten", async () => {
    const { clock, outbox } = start({
      toDisk: "when-said",
      maxAgeMs: 10_000,
      summarise: ({ count }) => `${count}`,
    });
    let expired = 0;
    outbox.onExpired(() => (expired += 1));
    const summaries: number[] = [];
    const sayOne = () => {
      const entry = outbox.giveNext(0);
      if (entry === undefined) return;
      outbox.settle(entry, "delivered");
      if (entry.value !== "line") summaries.push(Number(entry.value));
    };
    for (let second = 0; second < 300; second += 1) {
      for (let line = 0; line < 2; line += 1) outbox.put(undefined, "line");
      sayOne();
      await clock.advance(1_000);
    }
    expect(expired).toBeGreaterThan(200);
    expect(summaries.length).toBeLessThanOrEqual(5);
    while (outbox.pending > 0) sayOne();
    sayOne();
    expect(summaries.reduce((sum, count) => sum + count)).toBe(expired);
  });

  test("goes with only so many others in one turn, and one summary stands for all", async () => {
    const { journal, clock, outbox } = start({ toDisk: "when-said", maxEntries: 2_000 });
    for (let i = 0; i < 1_200; i += 1) outbox.put(undefined, "old");
    await clock.advance(HOUR + 1);
    outbox.put(undefined, "young");
    expect([...values(outbox), ...values(outbox)]).toEqual([]);
    journal.flush();
    expect(journal.fates).toHaveLength(500);
    let calls = 0;
    outbox.onChange(() => (calls += 1));
    await clock.advance(0);
    expect(calls).toBeGreaterThan(0);
    expect(values(outbox)).toEqual(["young", "1200 left out: too old"]);
  });

  test("makes room by and by while nobody is there", async () => {
    const { clock, outbox } = start({ toDisk: "when-said", maxEntries: 1_000 });
    for (let i = 0; i < 1_000; i += 1) outbox.put(undefined, "old");
    await clock.advance(HOUR + 1);
    expect(outbox.put(undefined, "young")).toBe("taken");
    expect(outbox.pending).toBe(501);
    await clock.advance(0);
    expect(values(outbox)).toEqual(["young", "1000 left out: too old"]);
  });

  test("has whatever id its caller likes", async () => {
    const { clock, outbox } = start({ toDisk: "when-said" });
    outbox.put("left-out-7", "a");
    await clock.advance(HOUR + 1);
    expect(values(outbox)).toEqual(["1 left out: too old"]);
  });

  test("is never a summary: it would take the number that it tells with it", async () => {
    const { journal, clock, outbox } = start({ toDisk: "when-said", maxEntries: 1 });
    for (const text of ["a", "b"]) outbox.put(text, text);
    deliverAll(outbox);
    outbox.put("c", "c");
    journal.flush();
    await clock.advance(2 * HOUR);
    const after = outboxOn(journal.restart(), { clock, toDisk: "when-said" });
    expect(values(after)).toEqual(["1 left out: too many", "1 left out: too old"]);
  });
});

describe("a summary", () => {
  test.each(["uncertain", "refused: 404"])(
    "that ends as %s gives its number back, to be told again after a rest",
    async (code) => {
      const { clock, outbox, summary } = summarised();
      let calls = 0;
      outbox.onChange(() => (calls += 1));
      outbox.settle(summary, code);
      expect([values(outbox), calls]).toEqual([[], 0]);
      await clock.advance(60_000);
      expect([calls, values(outbox)]).toEqual([1, ["1 left out: too many"]]);
    },
  );

  test("that was delivered has told its number", async () => {
    const { clock, outbox, summary } = summarised();
    outbox.settle(summary, "delivered");
    await clock.advance(HOUR);
    expect(values(outbox)).toEqual([]);
  });

  test("gives its number back whichever run learns that it was lost", async () => {
    const { journal, clock, outbox, summary } = summarised();
    outbox.said(summary);
    journal.flush();
    const after = outboxOn(journal.restart(), { clock, toDisk: "when-said" });
    for (const entry of after.doubtful) after.settle(entry, "uncertain");
    await clock.advance(60_000);
    expect(values(after)).toEqual(["1 left out: too many"]);
  });

  test("that gives its number back tells with it what was left out since", async () => {
    const { clock, outbox, summary } = summarised();
    for (const text of ["c", "d"]) outbox.put(text, text);
    outbox.settle(summary, "uncertain");
    await clock.advance(60_000);
    expect(values(outbox)).toEqual(["3 left out: too many"]);
  });
});

test.each(["[{", '[{"why":"too many","count":"a few","since":2}]'])(
  "an outbox forgets what it left out where the note of that says %s",
  (note) => {
    const journal = new FakeJournal();
    journal.setNote("left out test", note);
    expect(values(outboxOn(journal, { toDisk: "when-said" }))).toEqual([]);
  },
);

describe("an id", () => {
  test("is taken once: while its entry waits, after a restart, and once it is settled", () => {
    const { journal, outbox } = start({ toDisk: "when-said" });
    expect(outbox.put("post-7", "hello")).toBe("taken");
    expect(outbox.put("post-7", "hello")).toBe("known");
    expect(values(outbox)).toEqual(["hello"]);
    journal.flush();
    expect(outboxOn(journal.restart()).put("post-7", "hello")).toBe("known");
    deliverAll(outbox);
    expect(outbox.put("post-7", "hello")).toBe("known");
  });

  test("is known after a restart once it is settled, where ids are remembered", () => {
    const { journal, outbox } = start({ toDisk: "when-said", rememberIds: true });
    outbox.put("post-7", "hello");
    deliverAll(outbox);
    expect(outbox.put("post-7", "hello")).toBe("known");
    journal.flush();
    expect(outboxOn(journal.restart(), { rememberIds: true }).put("post-7", "hello")).toBe("known");
    expect(outboxOn(journal.restart()).put("post-7", "hello")).toBe("taken");
  });

  test.each(["expired", "refused: poison", "refused: bug"])(
    "of an announcement that ended as %s may come again",
    (code) => {
      const { outbox } = start({ toDisk: "when-said", rememberIds: true });
      outbox.put("post-7", "hello");
      for (const entry of give(outbox)) outbox.settle(entry, code);
      expect(outbox.put("post-7", "hello")).toBe("taken");
    },
  );

  test("of what was left out may come again", () => {
    const { outbox } = start({ toDisk: "when-said", maxEntries: 1, rememberIds: true });
    expect(["a", "b"].map((id) => outbox.put(id, id))).toEqual(["taken", "full"]);
    deliverAll(outbox);
    expect(outbox.put("b", "b")).toBe("taken");
  });

  test("that the outbox makes up is no other's, after a new start with a new file too", () => {
    const ids = [1, 2].flatMap((run) => {
      const clock = new FakeClock({ random: () => run / 3 });
      const { outbox } = start({ clock, toDisk: "when-said" });
      for (let i = 0; i < 5; i += 1) outbox.put(undefined, "same words");
      return give(outbox).map(({ id }) => id);
    });
    expect(new Set(ids).size).toBe(10);
  });

  test("that the outbox makes up begins as is wanted at that moment, that of a summary too", () => {
    let run = 0;
    const idPrefix = () => `mark-${++run}-`;
    const { outbox } = start({ toDisk: "when-said", maxEntries: 1, idPrefix });
    outbox.put(undefined, "a");
    outbox.put("b", "b");
    const [a] = give(outbox);
    expect(a?.id).toMatch(/^mark-1-./);
    if (a !== undefined) outbox.settle(a, "delivered");
    expect(give(outbox).map(({ id }) => id)).toEqual([expect.stringMatching(/^mark-2-./)]);
  });

  test("is among the last thousand that are remembered without the journal, and no more", () => {
    const { outbox } = start({ toDisk: "when-said" });
    for (let i = 0; i < 1_001; i += 1) {
      outbox.put(`${i}`, "x");
      deliverAll(outbox);
    }
    expect(outbox.put("1", "x")).toBe("known");
    expect(outbox.put("0", "x")).toBe("taken");
  });
});

describe("for health, an outbox tells", () => {
  test("how much waits, since when, and when something last came through", async () => {
    const { clock, outbox } = start({ toDisk: "when-said" });
    const began = clock.wallNow();
    expect([outbox.pending, outbox.oldestAt, outbox.lastDeliveredAt]).toEqual([
      0,
      undefined,
      undefined,
    ]);
    outbox.put("a", "a");
    await clock.advance(1_000);
    outbox.put("b", "b");
    expect([outbox.pending, outbox.oldestAt]).toEqual([2, began]);
    const [a, b] = give(outbox);
    if (a !== undefined) outbox.settle(a, "delivered");
    await clock.advance(1_000);
    if (b !== undefined) outbox.settle(b, "refused: 404");
    expect([outbox.pending, outbox.lastDeliveredAt]).toEqual([0, began + 1_000]);
  });

  test("since when nothing moves although somebody is there to say it", async () => {
    const { clock, outbox } = start({ toDisk: "when-said" });
    outbox.put("a", "a");
    await clock.advance(1_000);
    expect(outbox.stuckSince).toBeUndefined();
    outbox.onChange(() => {});
    expect(outbox.stuckSince).toBe(1_000);
    await clock.advance(1_000);
    const [a] = give(outbox);
    expect(outbox.stuckSince).toBe(2_000);
    await clock.advance(1_000);
    if (a !== undefined) outbox.settle(a, "delivered");
    expect(outbox.stuckSince).toBeUndefined();
    await clock.advance(1_000);
    outbox.put("b", "b");
    expect(outbox.stuckSince).toBe(4_000);
    outbox.onChange(undefined);
    expect(outbox.stuckSince).toBeUndefined();
  });
});

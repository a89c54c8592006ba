import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Logger } from "../../../shared/observe/logger.ts";
import { type Journal, Outbox, type Row, type ToDisk } from "../../../shared/outbox/outbox.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { silentLog } from "../../support/silent-log.ts";

/** A journal whose commits happen when the test says so. */
function heldJournal(rows: readonly Row[] = []) {
  let seq = rows.at(-1)?.seq ?? 0;
  const kept = new Map(rows.map((row) => [row.seq, row]));
  let waiting: (() => void)[] = [];
  const journal: Journal = {
    nextSeq: () => ++seq,
    append(row, _withinMs, committed) {
      kept.set(row.seq, row);
      if (committed !== undefined) waiting.push(committed);
    },
    settle: (_queue, settled) => void kept.delete(settled),
    load: (queue) => [...kept.values()].filter((row) => row.queue === queue),
  };
  const commit = () => {
    const done = waiting;
    waiting = [];
    for (const callback of done) callback();
  };
  return { journal, kept, commit };
}

function outboxOn(
  journal: Journal,
  options: {
    maxEntries?: number;
    maxBytes?: number;
    clock?: FakeClock;
    toDisk?: ToDisk;
    log?: Logger;
  } = {},
) {
  return new Outbox<string>({
    queue: "test",
    journal,
    clock: new FakeClock(),
    log: silentLog,
    maxEntries: 1_000,
    maxBytes: 1_000_000,
    toDisk: "before-said",
    summarise: ({ count }) => `${count} left out`,
    ...options,
  });
}

const values = (outbox: Outbox<string>) => [...outbox.readyAfter(0)].map(({ value }) => value);

describe("Outbox", () => {
  test("gives nothing out before it is on disk", () => {
    const { journal, commit } = heldJournal();
    const outbox = outboxOn(journal);
    outbox.put("1", "hello");
    expect(values(outbox)).toEqual([]);
    commit();
    expect(values(outbox)).toEqual(["hello"]);
  });

  test("gives out at once what may be said from memory", () => {
    const { journal, kept } = heldJournal();
    const outbox = outboxOn(journal, { toDisk: "when-said" });
    outbox.put("1", "hello");
    expect(values(outbox)).toEqual(["hello"]);
    expect(kept.size).toBe(1);
  });

  test("lets the disk wait for what was said, and not for what cannot be said", () => {
    const { journal } = heldJournal();
    const patience: number[] = [];
    const watched: Journal = {
      ...journal,
      append(row, withinMs, committed) {
        patience.push(withinMs);
        journal.append(row, withinMs, committed);
      },
    };
    const outbox = outboxOn(watched, { toDisk: "unless-confirmed" });
    outbox.put("1", "nobody is there to say it");
    outbox.onChange(() => Number.MAX_SAFE_INTEGER);
    outbox.put("2", "said at once");
    expect(patience).toEqual([0, 30]);
  });

  test("has after a restart what was not settled before", () => {
    const { journal, kept, commit } = heldJournal();
    const before = outboxOn(journal);
    for (const text of ["a", "b", "c"]) before.put(text, text);
    commit();
    const [first] = [...before.readyAfter(0)];
    if (first !== undefined) before.settle(first);
    const after = outboxOn(heldJournal([...kept.values()]).journal);
    expect(values(after)).toEqual(["b", "c"]);
  });

  test("keeps apart what belongs to another queue", () => {
    const row = { seq: 1, queue: "other", id: "x", at: 0, value: '"x"' };
    expect(values(outboxOn(heldJournal([row]).journal))).toEqual([]);
  });

  test("leaves out what comes when it is full, and says so once there is room", () => {
    const { journal, commit } = heldJournal();
    const outbox = outboxOn(journal, { maxEntries: 10 });
    const taken = Array.from({ length: 14 }, (_, i) => outbox.put(`${i}`, `${i}`));
    commit();
    expect(taken.filter((outcome) => outcome === "full")).toHaveLength(4);
    for (const entry of outbox.readyAfter(0)) outbox.settle(entry);
    commit();
    expect(values(outbox)).toEqual(["4 left out"]);
  });

  test("puts the summary where the gap is, before what comes later", () => {
    const { journal, commit } = heldJournal();
    const outbox = outboxOn(journal, { maxEntries: 10 });
    for (let i = 0; i < 12; i += 1) outbox.put(`${i}`, `${i}`);
    commit();
    for (const entry of [...outbox.readyAfter(0)].slice(0, 5)) outbox.settle(entry);
    expect(outbox.put("late", "late")).toBe("taken");
    commit();
    expect(values(outbox)).toEqual(["5", "6", "7", "8", "9", "2 left out", "late"]);
  });

  test("has the summary after a restart that came before there was room", () => {
    const { journal, kept } = heldJournal();
    const before = outboxOn(journal, { maxEntries: 2 });
    for (const text of ["a", "b", "c", "d"]) before.put(text, text);
    before.summariseLeftOut();
    before.summariseLeftOut();
    const after = outboxOn(heldJournal([...kept.values()]).journal);
    expect(values(after)).toEqual(["a", "b", "2 left out"]);
  });

  test("logs when it is full, and what that cost, once each", () => {
    const logged: unknown[] = [];
    const warn = (event: string, fields: object = {}) => logged.push({ event, ...fields });
    const { journal, commit } = heldJournal();
    const outbox = outboxOn(journal, { maxEntries: 2, log: { ...silentLog, warn } });
    for (const text of ["a", "b", "c", "d"]) outbox.put(text, text);
    expect(logged).toEqual([{ event: "outbox full", queue: "test", entries: 2 }]);
    commit();
    for (const entry of outbox.readyAfter(0)) outbox.settle(entry);
    expect(logged.slice(1)).toMatchObject([{ event: "left out", queue: "test", count: 2 }]);
  });

  test("is bounded by bytes too", () => {
    const { journal } = heldJournal();
    const outbox = outboxOn(journal, { maxBytes: 100 });
    expect(outbox.put("1", "x".repeat(120))).toBe("taken");
    expect(outbox.put("2", "y")).toBe("full");
  });

  test("takes an id once: while its entry waits, after a restart, and once it is settled", () => {
    const { journal, kept, commit } = heldJournal();
    const outbox = outboxOn(journal);
    expect(outbox.put("post-7", "hello")).toBe("taken");
    expect(outbox.put("post-7", "hello")).toBe("known");
    commit();
    expect(values(outbox)).toEqual(["hello"]);
    expect(outboxOn(heldJournal([...kept.values()]).journal).put("post-7", "hello")).toBe("known");
    for (const entry of outbox.readyAfter(0)) outbox.settle(entry);
    expect(outbox.put("post-7", "hello")).toBe("known");
  });

  test("gives an entry without an id one that no other has, after a new start with a new file too", () => {
    const ids = [1, 2].flatMap((run) => {
      const { journal, commit } = heldJournal();
      const clock = new FakeClock({ random: () => run / 3 });
      const outbox = outboxOn(journal, { clock });
      for (let i = 0; i < 5; i += 1) outbox.put(undefined, "same words");
      commit();
      return [...outbox.readyAfter(0)].map(({ id }) => id);
    });
    expect(new Set(ids).size).toBe(10);
  });

  test("remembers the last thousand ids that were settled, and no more", () => {
    const { journal, commit } = heldJournal();
    const outbox = outboxOn(journal);
    for (let i = 0; i < 1_001; i += 1) {
      outbox.put(`${i}`, "x");
      commit();
      for (const entry of outbox.readyAfter(0)) outbox.settle(entry);
    }
    expect(outbox.put("1", "x")).toBe("known");
    expect(outbox.put("0", "x")).toBe("taken");
  });

  test("settles an entry once, however often it is told", () => {
    const { journal, kept, commit } = heldJournal();
    const outbox = outboxOn(journal);
    outbox.put("1", "hello");
    commit();
    const [entry] = [...outbox.readyAfter(0)];
    if (entry === undefined) throw new Error("no entry");
    outbox.settle(entry);
    outbox.settle(entry);
    expect([outbox.pending, kept.size]).toEqual([0, 0]);
  });

  test("gives out each unsettled entry once, in order, whatever is put and settled", () => {
    const action = fc.oneof(fc.constant("put"), fc.constant("commit"), fc.nat({ max: 50 }));
    fc.assert(
      fc.property(fc.array(action, { maxLength: 300 }), (actions) => {
        const { journal, commit } = heldJournal();
        const outbox = outboxOn(journal);
        const model: string[] = [];
        let n = 0;
        for (const act of actions) {
          if (act === "put") {
            outbox.put(`${n}`, `${n}`);
            model.push(`${n}`);
            n += 1;
          } else if (act === "commit") commit();
          else if (typeof act === "number") {
            const entry = [...outbox.readyAfter(0)][act];
            if (entry !== undefined) {
              outbox.settle(entry);
              model.splice(model.indexOf(entry.value), 1);
            }
          }
        }
        commit();
        expect(values(outbox)).toEqual(model);
      }),
    );
  });
});

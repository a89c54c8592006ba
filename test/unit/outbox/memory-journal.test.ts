import { describe, expect, test } from "vitest";
import type { Fate } from "../../../shared/outbox/journal.ts";
import { memoryJournal, type OpenJournal } from "../../../shared/outbox/memory-journal.ts";
import { FakeClock } from "../../support/fake-clock.ts";

const DAY = 86_400_000;

const row = (seq: number, value: unknown = {}, queue = "q") => ({
  seq,
  queue,
  id: `id-${seq}-of-this-run`,
  at: seq,
  value: JSON.stringify(value),
});

const fate = (some: Partial<Fate>): Fate => ({
  queue: "q",
  id: "id",
  takenAt: 1,
  at: 2,
  code: "delivered",
  nick: "bob",
  text: "hello",
  ...some,
});

const found = async ({ trail }: OpenJournal, query: string) =>
  (await trail.find(query)).map(({ id }) => id);

describe("memoryJournal()", () => {
  test("keeps rows until they are settled, and who has been said", () => {
    const journal = memoryJournal();
    for (const seq of [1, 2, 3, 4]) journal.append(row(seq));
    journal.append(row(5, {}, "other"));
    for (const seq of [1, 2, 3]) journal.said("q", seq);
    journal.unsaid("q", 2);
    journal.settle("q", 4, 1);
    journal.settle("q", 1, 2);
    expect(journal.load("q").map(({ seq, wasSaid }) => [seq, wasSaid])).toEqual([
      [2, false],
      [3, true],
    ]);
  });

  test("lets go all below the front", () => {
    const journal = memoryJournal();
    for (const seq of [1, 2, 3]) journal.append(row(seq));
    journal.settle("q", 2, 3);
    expect(journal.load("q").map(({ seq }) => seq)).toEqual([3]);
  });

  test("calls back soon, but not at once", async () => {
    const journal = memoryJournal();
    let isSafe = false;
    journal.append(row(1), () => (isSafe = true));
    expect(isSafe).toBe(false);
    await Promise.resolve();
    expect(isSafe).toBe(true);
  });

  test("has notes, and the ids of a day", async () => {
    const clock = new FakeClock();
    const journal = memoryJournal({ clock });
    journal.setNote("one", "1");
    journal.setNote("two", "2");
    journal.setNote("one", undefined);
    expect([journal.note("one"), journal.note("two")]).toEqual([undefined, "2"]);
    journal.remember("q", "known");
    expect([journal.remembers("q", "known"), journal.remembers("p", "known")]).toEqual([
      true,
      false,
    ]);
    await clock.advance(DAY + 1);
    expect(journal.remembers("q", "known")).toBe(false);
  });
});

describe("the trail", () => {
  test.each([
    ["its id", "id-7-of-this-run"],
    ["eight characters of its id", "id-7-of-"],
    ["its text", "Hello, wörld"],
    ["its text in other letters and spaces", "  hello,   WÖRLD "],
    ["its text in another normal form", "Hello, wörld".normalize("NFD")],
    ["its line, with who said it", "<bob> Hello, wörld"],
  ])("is found by %s", async (_, query) => {
    const journal = memoryJournal();
    journal.record(fate({ id: "id-6-of-this-run", text: "Hello" }));
    journal.record(fate({ id: "id-7-of-this-run", text: "Hello, wörld" }));
    expect(await found(journal, query)).toEqual(["id-7-of-this-run"]);
  });

  test.each([
    ["seven characters of an id", "id-7-of"],
    ["a part of a text that is not kept", "Hello"],
    ["nothing", " "],
  ])("is not found by %s", async (_, query) => {
    const journal = memoryJournal();
    journal.record(fate({ id: "id-7-of-this-run", text: "Hello, wörld" }));
    journal.record(fate({ id: "id-8-of-this-run", text: "" }));
    expect(await found(journal, query)).toEqual([]);
  });

  test("shows the text only where texts are kept, and is found there by a part of it", async () => {
    const hides = memoryJournal();
    const shows = memoryJournal({ keepsTexts: true });
    for (const journal of [hides, shows]) journal.record(fate({ text: "Hello, wörld" }));
    expect(await hides.trail.find("hello, wörld")).toEqual([
      { queue: "q", id: "id", nick: "bob", takenAt: 1, at: 2, code: "delivered" },
    ]);
    expect(await shows.trail.find("WÖR")).toMatchObject([{ text: "Hello, wörld" }]);
  });

  test("knows of what is not settled by a part of its text, in whatever it stands", async () => {
    const journal = memoryJournal();
    journal.append(row(1, { line: ["the quick fox"] }));
    journal.append(row(2, { line: ["the slow fox"] }));
    journal.said("q", 2);
    journal.append(row(3, { line: ["no animal"] }));
    const rows = await journal.trail.find("Fox");
    expect(rows.map(({ code, takenAt, at }) => [code, takenAt, at])).toEqual([
      ["waiting", 1, undefined],
      ["said, not confirmed", 2, undefined],
    ]);
    expect(await found(journal, "line")).toEqual([]);
  });

  test("names a message once that is settled while it is looked for", async () => {
    const clock = new FakeClock();
    const journal = memoryJournal({ clock });
    journal.append(row(1, "fox"));
    const finding = journal.trail.find("fox");
    journal.settle("q", 1, 2);
    journal.record(fate({ id: row(1).id, text: "fox" }));
    expect((await finding).map(({ code }) => code)).toEqual(["delivered"]);
  });

  test("looks no further when nobody waits for it any more", async () => {
    const journal = memoryJournal();
    journal.record(fate({ id: "1" }));
    await expect(journal.trail.find("hello", AbortSignal.abort())).rejects.toThrow("aborted");
  });

  test("gives the newest hundred, oldest first", async () => {
    const journal = memoryJournal();
    for (let i = 1; i <= 250; i += 1) journal.record(fate({ id: String(i), takenAt: i }));
    const ids = await found(journal, "hello");
    expect(ids).toEqual(Array.from({ length: 100 }, (_, i) => String(i + 151)));
  });

  test("is bounded", async () => {
    const journal = memoryJournal();
    for (let i = 0; i < 50_000; i += 1) journal.record(fate({ id: `number-${i}` }));
    expect(await found(journal, "number-49999")).toEqual(["number-49999"]);
    expect(await found(journal, "number-40001")).toEqual(["number-40001"]);
    expect(await found(journal, "number-29999")).toEqual([]);
  });
});

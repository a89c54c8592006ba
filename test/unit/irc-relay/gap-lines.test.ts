import { describe, expect, test } from "vitest";
import { GapLines } from "../../../bridges/irc-relay/gap-lines.ts";
import { mayBeUnheard, wasDeaf } from "../../../bridges/irc-relay/ledger.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { fakeNotes } from "../../support/fake-notes.ts";

const MINUTE = 60_000;

function place(notes = fakeNotes(), clock = new FakeClock()) {
  const full = { isFull: false };
  const told: string[] = [];
  const waiting: number[] = [];
  const gaps = new GapLines({
    there: "#chan",
    tell(line) {
      if (!full.isFull) told.push(line);
      return !full.isFull;
    },
    oldestWaiting: () => waiting[0],
    notes,
    note: "gaps",
    clock,
  });
  const now = () => clock.wallNow();
  const deafUntilNow = () =>
    wasDeaf({ since: now() - 1_000, until: now(), missed: 0, leftOut: 0, isComplete: false });
  return { gaps, told, full, waiting, notes, clock, now, deafUntilNow };
}

describe("GapLines", () => {
  test("tells of a gap soon after it", async () => {
    const { gaps, told, clock, deafUntilNow } = place();
    gaps.add(deafUntilNow());
    await clock.advance(1_000);
    expect(told).toEqual([expect.stringContaining("may be missing here")]);
  });

  test("tells at most once a minute, and then of all that happened meanwhile", async () => {
    const { gaps, told, clock, deafUntilNow } = place();
    for (let second = 0; second < 150; second += 10) {
      gaps.add(deafUntilNow());
      await clock.advance(10_000);
    }
    expect(told).toHaveLength(3);
  });

  test("waits until the backlog is through", async () => {
    const { gaps, told, waiting, clock, now } = place();
    waiting.push(now() - 500);
    gaps.add(mayBeUnheard(now()));
    await clock.advance(MINUTE);
    expect(told).toEqual([]);
    waiting.pop();
    gaps.settled();
    await clock.advance(1_000);
    expect(told).toEqual([expect.stringContaining("1 message may not have been heard")]);
  });

  test("does not wait for what came after the gap", async () => {
    const { gaps, told, waiting, clock, deafUntilNow, now } = place();
    gaps.add(deafUntilNow());
    waiting.push(now() + 1);
    await clock.advance(1_000);
    expect(told).toHaveLength(1);
  });

  test("tells after a restart what an earlier run did not come to tell", async () => {
    const earlier = place();
    earlier.gaps.add(earlier.deafUntilNow());
    const { told, clock, notes } = place(earlier.notes);
    await clock.advance(1_000);
    expect(told).toEqual([expect.stringContaining("may be missing here")]);
    expect(notes.note("gaps")).toBeUndefined();
  });

  test("tells later what was not taken", async () => {
    const { gaps, told, full, clock, deafUntilNow } = place();
    full.isFull = true;
    gaps.add(deafUntilNow());
    await clock.advance(MINUTE);
    full.isFull = false;
    expect(told).toEqual([]);
    await clock.advance(MINUTE);
    expect(told).toEqual([expect.stringContaining("may be missing here")]);
  });

  test.each(["", "{", "null", JSON.stringify({ mute: "long" })])(
    "does not stumble over a note that reads %j",
    async (note) => {
      const notes = fakeNotes();
      notes.setNote("gaps", note);
      const { gaps, told, clock, deafUntilNow } = place(notes);
      gaps.add(deafUntilNow());
      await clock.advance(1_000);
      expect(told).toHaveLength(1);
    },
  );
});

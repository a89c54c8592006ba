import { describe, expect, test } from "vitest";
import { GapLines } from "../../../bridges/irc-relay/gap-lines.ts";
import { mayBeUnheard, wasDeaf } from "../../../bridges/irc-relay/ledger.ts";
import type { Notes } from "../../../shared/outbox/journal.ts";
import { FakeClock } from "../../support/fake-clock.ts";

const MINUTE = 60_000;

class FakeNotes implements Notes {
  readonly texts = new Map<string, string>();

  note(name: string): string | undefined {
    return this.texts.get(name);
  }

  setNote(name: string, value: string | undefined): void {
    if (value === undefined) this.texts.delete(name);
    else this.texts.set(name, value);
  }
}

function place(notes = new FakeNotes(), clock = new FakeClock()) {
  const told: string[] = [];
  const waiting: number[] = [];
  const gaps = new GapLines({
    there: "#chan",
    tell: (line) => told.push(line),
    oldestWaiting: () => waiting[0],
    notes,
    note: "gaps",
    clock,
  });
  const now = () => clock.wallNow();
  const deafUntilNow = () =>
    wasDeaf({ since: now() - 1_000, until: now(), missed: 0, leftOut: 0, isComplete: false });
  return { gaps, told, waiting, notes, clock, now, deafUntilNow };
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
    expect(notes.texts.size).toBe(0);
  });

  test("does not stumble over what another version left", async () => {
    const notes = new FakeNotes();
    notes.setNote("gaps", JSON.stringify({ mute: "long" }));
    const { gaps, told, clock, deafUntilNow } = place(notes);
    gaps.add(deafUntilNow());
    await clock.advance(1_000);
    expect(told).toHaveLength(1);
  });
});

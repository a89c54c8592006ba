import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  isOutOfReach,
  type Ledger,
  type LedgerChange,
  linesOf,
  mayBeUnheard,
  partsOf,
  wasDeaf,
  wasMute,
  wasNotTold,
  wasRefused,
  wasSaid,
} from "../../../bridges/irc-relay/ledger.ts";

const NOON = Date.UTC(2026, 10, 20, 12);
const at = (seconds: number) => NOON + seconds * 1_000;
const span = (since: number, until: number) => ({ since: at(since), until: at(until) });
const deaf = (since: number, until: number) => ({
  ...span(since, until),
  missed: 0,
  leftOut: 0,
  isComplete: false,
});

function applied(changes: readonly LedgerChange[], ledger: Ledger = {}): Ledger {
  return changes.reduce((known, change) => change(known), ledger);
}

function told(...changes: readonly LedgerChange[]): readonly string[] {
  return linesOf(applied(changes), "#chan");
}

describe("linesOf()", () => {
  test.each<readonly [string, readonly LedgerChange[], readonly string[]]>([
    ["nothing of nothing", [], []],
    ["nothing of a long silence that lost nothing", [wasMute(span(0, 100))], []],
    ["nothing of what was late in a short one", [wasMute(span(0, 5)), wasSaid(at(1))], []],
    ["nothing of what is late without a gap", [wasSaid(at(1))], []],
    [
      "what was late in a long one",
      [wasMute(span(5, 130)), wasSaid(at(6)), wasSaid(at(7)), wasSaid(at(131))],
      ["Away from here from 2026-11-20 12:00:05 to 12:02:10 UTC: 2 messages said late"],
    ],
    [
      "what may not have been heard, however short the gap",
      [wasMute(span(5, 6)), mayBeUnheard(at(4))],
      [
        "Away from here from 2026-11-20 12:00:04 to 12:00:06 UTC: 1 message may not have been heard",
      ],
    ],
    [
      "that something may be missing, however short the gap",
      [wasDeaf(deaf(5, 6))],
      [
        "Away from #chan from 2026-11-20 12:00:05 to 12:00:06 UTC: what was said there meanwhile may be missing here",
      ],
    ],
    [
      "nothing of a gap that was filled",
      [wasDeaf({ ...deaf(5, 6), missed: 3, isComplete: true })],
      [],
    ],
    [
      "how much filled a long one",
      [wasDeaf({ ...deaf(0, 60), missed: 3, leftOut: 1, isComplete: true })],
      [
        "Away from #chan from 2026-11-20 12:00:00 to 12:01:00 UTC: 3 messages from there said late, 1 message from there left out",
      ],
    ],
    [
      "gaps that follow each other as one",
      [wasDeaf(deaf(5, 6)), wasDeaf(deaf(20, 30))],
      [
        "Away from #chan from 2026-11-20 12:00:05 to 12:00:30 UTC: what was said there meanwhile may be missing here",
      ],
    ],
    [
      "both dates of a gap over midnight",
      [wasDeaf(deaf(0, 43_201))],
      [
        "Away from #chan from 2026-11-20 12:00:00 to 2026-11-21 00:00:01 UTC: what was said there meanwhile may be missing here",
      ],
    ],
    [
      "since when the other side is out of reach",
      [isOutOfReach(at(5))],
      ["Cannot reach #chan since 2026-11-20 12:00:05 UTC: what is said here waits"],
    ],
    [
      "that a clock was set back, which leaves its times as they are",
      [wasDeaf(deaf(50, 20)), wasDeaf(deaf(22, 25))],
      [
        "Away from #chan from 2026-11-20 12:00:50 to 12:00:25 UTC: what was said there meanwhile may be missing here, and the clock was set back",
      ],
    ],
    [
      "nothing of a reach that is back",
      [isOutOfReach(at(5)), wasDeaf({ ...deaf(5, 90), isComplete: true })],
      [],
    ],
    [
      "what was refused, and why",
      [wasRefused(at(1), "404"), wasRefused(at(2), "404"), wasRefused(at(3), "poison")],
      ["3 messages refused in #chan from 2026-11-20 12:00:01 to 12:00:03 UTC: 404, poison"],
    ],
  ])("tells %s", (_what, changes, lines) => {
    expect(told(...changes)).toEqual(lines);
  });

  test("encloses every gap with whole seconds", () => {
    const time = fc.integer({ min: NOON, max: NOON + 40_000_000 });
    fc.assert(
      fc.property(fc.array(fc.tuple(time, time), { minLength: 1, maxLength: 5 }), (pairs) => {
        const gaps = pairs.map(([a, b]) => ({ since: Math.min(a, b), until: Math.max(a, b) }));
        const [line = ""] = told(...gaps.map((gap) => wasDeaf({ ...deaf(0, 0), ...gap })));
        const [, from = "", to = ""] = /from (\S+ \S+) to (.+) UTC/.exec(line) ?? [];
        const until = to.length > 8 ? to : `${from.slice(0, 10)} ${to}`;
        expect(Date.parse(`${from}Z`)).toBeLessThanOrEqual(Math.min(...gaps.map((g) => g.since)));
        expect(Date.parse(`${until}Z`)).toBeGreaterThanOrEqual(
          Math.max(...gaps.map((g) => g.until)),
        );
      }),
    );
  });
});

describe("wasNotTold()", () => {
  const second = fc.integer({ min: 0, max: 1_000 });
  const change = fc.oneof(
    second.map((since) => wasMute(span(since, since + 60))),
    second.map((when) => mayBeUnheard(at(when))),
    second.map((since) => wasDeaf({ ...deaf(since, since + 60), missed: 1, leftOut: 2 })),
    second.map((when) => wasRefused(at(when), "404")),
  );
  const changes = fc.array(change, { maxLength: 5 });

  test("puts a part back as if it had never been told", () => {
    fc.assert(
      fc.property(changes, changes, (before, after) => {
        const lost = partsOf(applied(before));
        const later = applied(after);
        const back = applied(lost.map(wasNotTold), later);
        expect(back).toEqual(applied([...before, ...after]));
      }),
    );
  });

  test("does not say again that something is out of reach, which it may no longer be", () => {
    expect(told(wasNotTold({ outOfReach: { since: at(5) } }))).toEqual([]);
  });
});

test("partsOf() gives all that is to be told, each line by itself", () => {
  const changes = [isOutOfReach(at(1)), mayBeUnheard(at(2)), wasRefused(at(3), "404")];
  const ledger = applied(changes, { deaf: deaf(0, 60) });
  const lines = partsOf(ledger).map((part) => linesOf(part, "#chan"));
  expect(lines.map((each) => each.length)).toEqual([1, 1, 1, 1]);
  expect(lines.flat()).toEqual(linesOf(ledger, "#chan"));
});

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { trueSpans } from "../../chaos/wall-clock.ts";

const HOUR = 3_600_000;
const T = 1_000_000_000;

/** Right, then an hour behind from T + 10 s until T + 60 s, then right again. */
const shifts = [
  { at: T - HOUR / 2, offset: 0 },
  { at: T + 10_000, offset: -HOUR },
  { at: T + 60_000, offset: 0 },
];
const heardAt = T + 100_000;

function covers(shown: { readonly since: number; readonly until: number }, at: number): boolean {
  return trueSpans(shown, { shifts, heardAt }).some(
    ({ since, until }) => at >= since && at <= until,
  );
}

describe("trueSpans()", () => {
  test("leaves times alone while nothing is shifted", () => {
    const shown = { since: T, until: T + 5_000 };
    const spans = trueSpans(shown, { shifts: [{ at: T - HOUR, offset: 0 }], heardAt });
    expect(new Set(spans.map((span) => JSON.stringify(span)))).toEqual(
      new Set([JSON.stringify(shown)]),
    );
  });

  test("takes each end by the clock of its time", () => {
    const shown = { since: T, until: T + 20_000 - HOUR };
    expect(covers(shown, T)).toBe(true);
    expect(covers(shown, T + 20_000)).toBe(true);
    expect(covers(shown, T - 1)).toBe(false);
    expect(covers(shown, T + 20_001)).toBe(false);
  });

  test("means all times at which the clock showed one of that span", () => {
    const shown = { since: T + 20_000 - HOUR, until: T + 5_000 };
    expect(covers(shown, T + 1_000)).toBe(true);
    expect(covers(shown, T + 30_000)).toBe(true);
    expect(covers(shown, T + 65_000)).toBe(false);
  });

  test("means times before a jump as well, counted back from its end", () => {
    const shown = { since: T - 5_000 - HOUR, until: T + 20_000 - HOUR };
    expect(covers(shown, T)).toBe(true);
    expect(covers(shown, T - 5_000)).toBe(true);
    expect(covers(shown, T - 5_001)).toBe(false);
  });

  test("a moment is within every span that begins before it and ends after it by the same clock", () => {
    const around = fc.tuple(fc.nat(50_000), fc.nat(50_000), fc.integer({ min: -HOUR, max: HOUR }));
    fc.assert(
      fc.property(fc.integer({ min: T, max: heardAt }), around, (at, [before, after, offset]) => {
        const shown = { since: at + offset - before, until: at + offset + after };
        const spans = trueSpans(shown, { shifts: [{ at: T - HOUR, offset }], heardAt });
        expect(spans.some(({ since, until }) => at >= since && at <= until)).toBe(true);
      }),
    );
  });
});

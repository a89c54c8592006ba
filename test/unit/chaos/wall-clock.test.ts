import { describe, expect, test } from "vitest";
import { trueSpan } from "../../chaos/wall-clock.ts";

const HOUR = 3_600_000;
const T = 1_000_000_000;

describe("trueSpan()", () => {
  test("leaves times alone while nothing is shifted", () => {
    const span = { since: T, until: T + 5_000 };
    expect(trueSpan(span, { shifts: [{ at: T - 10_000, offset: 0 }], heardAt: T + 6_000 })).toEqual(
      span,
    );
  });

  test("takes the shift away that there was at each end", () => {
    const shifts = [
      { at: T - HOUR, offset: 0 },
      { at: T + 10_000, offset: HOUR },
      { at: T + 60_000, offset: 0 },
    ];
    const heardAt = T + 25_000;
    expect(trueSpan({ since: T, until: T + 20_000 + HOUR }, { shifts, heardAt })).toEqual({
      since: T,
      until: T + 20_000,
    });
  });
});

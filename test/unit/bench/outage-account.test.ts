import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  accountFor,
  firstHeardAt,
  firstLiveAt,
  type Transcript,
} from "../../../bench/outage/account.ts";

/** Ten numbers, said at 0, 100, ... 900 and heard in this order, each 1,000 later than the one before. */
function transcriptOf(numbers: readonly number[]): Transcript {
  return {
    said: Array.from({ length: 10 }, (_, number) => number * 100),
    heard: numbers.map((number, index) => ({ number, at: (index + 1) * 1_000 })),
  };
}

const all = Array.from({ length: 10 }, (_, number) => number);

describe("accountFor()", () => {
  test.each([
    { numbers: all, wanted: { heard: 10, lost: 0, doubled: 0, reordered: 0 } },
    { numbers: [], wanted: { heard: 0, lost: 10, doubled: 0, reordered: 0 } },
    { numbers: [0, 1, 1, 2, 1], wanted: { heard: 3, lost: 7, doubled: 2, reordered: 0 } },
    { numbers: [3, 0, 1, 4], wanted: { heard: 4, lost: 6, doubled: 0, reordered: 2 } },
  ])("of $numbers finds $wanted", ({ numbers, wanted }) => {
    expect(accountFor(transcriptOf(numbers))).toEqual({ said: 10, ...wanted });
  });

  test("counts only what was said in the span, and compares it with all that was heard", () => {
    const transcript = transcriptOf([9, 9, 0, 4, 5, 5]);
    expect(accountFor(transcript, { from: 400, until: 700 })).toEqual({
      said: 3,
      heard: 2,
      lost: 1,
      doubled: 1,
      reordered: 2,
    });
  });

  test("of two spans side by side has the same as of both together", () => {
    const anyNumbers = fc.array(fc.nat(9), { maxLength: 30 });
    fc.assert(
      fc.property(anyNumbers, fc.integer({ min: 0, max: 1_000 }), (numbers, middle) => {
        const transcript = transcriptOf(numbers);
        const before = accountFor(transcript, { from: 0, until: middle });
        const after = accountFor(transcript, { from: middle, until: 1_000 });
        const whole = accountFor(transcript);
        expect(whole.said).toBe(before.said + after.said);
        expect(whole.lost).toBe(before.lost + after.lost);
        expect(whole.doubled).toBe(before.doubled + after.doubled);
        expect(whole.reordered).toBe(before.reordered + after.reordered);
        expect(whole.heard + whole.doubled).toBe(numbers.length);
      }),
    );
  });
});

describe("firstLiveAt()", () => {
  test("passes over what was said before", () => {
    expect(firstLiveAt(transcriptOf([0, 1, 4, 5, 6]), 500)).toBe(4_000);
    expect(firstLiveAt(transcriptOf([0, 1, 4]), 500)).toBeUndefined();
  });
});

describe("firstHeardAt()", () => {
  test("takes whatever is heard", () => {
    expect(firstHeardAt(transcriptOf([0, 1, 4]), 1_500)).toBe(2_000);
    expect(firstHeardAt(transcriptOf([0, 1, 4]), 3_500)).toBeUndefined();
  });
});

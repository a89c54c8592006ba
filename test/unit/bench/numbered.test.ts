import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Hearing, numbered } from "../../../bench/numbered.ts";

const TAG = "0f-a1";
const COUNT = 10;

function hearingOf(numbers: readonly number[]): Hearing {
  const hearing = new Hearing(TAG, COUNT);
  for (const [at, number] of numbers.entries()) {
    hearing.hear(`<carol> ${numbered(TAG, number)}`, at);
  }
  return hearing;
}

const all = Array.from({ length: COUNT }, (_, number) => number);

describe("Hearing", () => {
  test("finds no fault when everything came once and in order", () => {
    const hearing = hearingOf(all);
    expect(hearing.faults).toEqual([]);
    expect(hearing.isComplete).toBe(true);
    expect(hearing.at(3)).toBe(3);
    expect(hearing.lastAt).toBe(9);
  });

  test.each([
    { numbers: all.slice(0, 7), faults: ["3 of 10 lost"] },
    { numbers: [...all, 4, 9], faults: ["2 of 10 heard twice"] },
    { numbers: [1, 0, 2, 3, 4, 5, 6, 7, 9, 8], faults: ["2 of 10 out of order"] },
    { numbers: [2, 1, 1], faults: ["8 of 10 lost", "1 of 10 heard twice", "1 of 10 out of order"] },
  ])("says of $numbers: $faults", ({ numbers, faults }) => {
    expect(hearingOf(numbers).faults).toEqual(faults);
  });

  test("does not take other texts, other runs or numbers out of range for its own", () => {
    const hearing = new Hearing(TAG, COUNT);
    for (const text of ["hello #1", numbered("other", 1), numbered(TAG, COUNT), ""]) {
      hearing.hear(text, 0);
    }
    expect(hearing.heard).toBe(0);
    expect(hearing.lastAt).toBeUndefined();
  });

  test("is without fault only if each came once and in order", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(COUNT - 1), { maxLength: 2 * COUNT }), (numbers) => {
        const isRight = numbers.join() === all.join();
        expect(hearingOf(numbers).faults.length === 0).toBe(isRight);
      }),
    );
  });
});

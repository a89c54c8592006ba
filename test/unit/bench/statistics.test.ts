import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { median, quantile } from "../../../bench/statistics.ts";

describe("quantile()", () => {
  test.each([
    { values: [3], share: 0.5, wanted: 3 },
    { values: [4, 1, 3], share: 0.5, wanted: 3 },
    { values: [4, 1, 3, 2], share: 0.5, wanted: 2.5 },
    { values: [10, 20], share: 0.99, wanted: 19.9 },
    { values: [], share: 0.5, wanted: Number.NaN },
  ])("of $values at $share is $wanted", ({ values, share, wanted }) => {
    expect(quantile(values, share)).toEqual(wanted);
  });

  test("lies between the least and the greatest value, and is one of them at the ends", () => {
    const anyValues = fc.array(fc.integer(), { minLength: 1 });
    fc.assert(
      fc.property(anyValues, fc.double({ min: 0, max: 1, noNaN: true }), (values, share) => {
        expect(quantile(values, 0)).toBe(Math.min(...values));
        expect(quantile(values, 1)).toBe(Math.max(...values));
        expect(quantile(values, share)).toBeGreaterThanOrEqual(Math.min(...values) - 1e-6);
        expect(quantile(values, share)).toBeLessThanOrEqual(Math.max(...values) + 1e-6);
      }),
    );
  });

  test("leaves the values in their order", () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
  });
});

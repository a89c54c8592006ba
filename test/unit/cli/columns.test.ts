import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatColumns } from "../../../cli/columns.ts";
import { formatDuration } from "../../../cli/duration-text.ts";

describe("formatColumns()", () => {
  test("aligns what looks as long, not what is: colours take no room", () => {
    expect(
      formatColumns([
        ["\u001b[32mup\u001b[0m", "a"],
        ["down", "b", "c"],
        ["😀", "d"],
      ]),
    ).toEqual(["\u001b[32mup\u001b[0m    a", "down  b  c", "😀     d"]);
  });
});

describe("formatDuration()", () => {
  test.each([
    [-5, "0 s"],
    [1_499, "1 s"],
    [119_999, "120 s"],
    [120_000, "2 min"],
    [7_199_999, "120 min"],
    [7_200_000, "2 h"],
    [172_800_000, "2 d"],
  ])("%i ms are %s", (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  test("is never far off", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2_000, max: 1e12 }), (ms) => {
        const [count = "", unit = ""] = formatDuration(ms).split(" ");
        const size = { s: 1_000, min: 60_000, h: 3_600_000, d: 86_400_000 }[unit] ?? 0;
        expect(Math.abs(Number(count) * size - ms)).toBeLessThanOrEqual(ms / 4);
      }),
    );
  });
});

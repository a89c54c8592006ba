import { describe, expect, test } from "vitest";
import { chaos } from "../support/chaos.ts";

const MINUTE = 60_000;

// Together these seeds come to every kind of fault from which the program is back within a minute.
describe("while servers die, hang and lose connections", () => {
  test.concurrent.each([2039, 635, 397])(
    "every number is heard once and in order, or declared lost: seed %i",
    async (seed) => {
      const { code, output } = await chaos("--seed", String(seed), "--seconds", "75");
      expect(code === 0 ? "kept" : output).toBe("kept");
    },
    8 * MINUTE,
  );
});

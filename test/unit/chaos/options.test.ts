import { describe, expect, test } from "vitest";
import { kindNames } from "../../chaos/kinds.ts";
import { readOptions } from "../../chaos/options.ts";

describe("readOptions()", () => {
  test("means two minutes with every kind of fault unless told otherwise", () => {
    expect(readOptions([])).toMatchObject({ seed: 1, length: 120_000, kinds: kindNames, rate: 5 });
  });

  test("takes minutes, or seconds", () => {
    expect(readOptions(["--minutes", "30"]).length).toBe(1_800_000);
    expect(readOptions(["--seconds", "60"]).length).toBe(60_000);
  });

  test("takes some kinds of faults", () => {
    expect(readOptions(["--faults", "kill-daemon,hole-irc"]).kinds).toEqual([
      "kill-daemon",
      "hole-irc",
    ]);
  });

  test.each([
    [["--faults", "flood"], "there is no flood"],
    [["--plant", "tree"], "there is no tree"],
    [["--seed", "x"], "--seed should be a number"],
    [["--seconds", "1"], "from 5 to"],
    [["--wat"], "Unknown option"],
  ])("says what is wrong with %j, and what is right", (words, problem) => {
    expect(() => readOptions(words)).toThrow(problem);
    expect(() => readOptions(words)).toThrow("npm run chaos --");
  });
});

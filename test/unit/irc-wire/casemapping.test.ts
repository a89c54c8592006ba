import * as fc from "fast-check";
import { expect, test } from "vitest";
import { foldCase, sameName } from "../../../shared/irc/wire/casemapping.ts";

const mapping = fc.constantFrom("ascii" as const, "rfc1459" as const, "rfc1459-strict" as const);
const name = fc.string({ unit: "binary", maxLength: 30 });

test.each([
  ["ascii", "#A[]\\~Ä", "#a[]\\~Ä"],
  ["rfc1459", "#A[]\\~Ä", "#a{}|^Ä"],
  ["rfc1459-strict", "#A[]\\~Ä", "#a{}|~Ä"],
  ["rfc1459", "{}|^_-`@Z", "{}|^_-`@z"],
] as const)("foldCase() under %s makes of %j %j", (casemapping, given, folded) => {
  expect(foldCase(given, casemapping)).toBe(folded);
});

test("foldCase() changes nothing more in what it made, and no length", () => {
  fc.assert(
    fc.property(name, mapping, (given, casemapping) => {
      const folded = foldCase(given, casemapping);
      expect(foldCase(folded, casemapping)).toBe(folded);
      expect(folded).toHaveLength(given.length);
    }),
  );
});

test.each([
  ["#a[b", "#A{B", "rfc1459", true],
  ["#a[b", "#A{B", "ascii", false],
  ["a~", "A^", "rfc1459", true],
  ["a~", "A^", "rfc1459-strict", false],
  ["nick", "nick_", "rfc1459", false],
] as const)("sameName() of %j and %j under %s is %j", (a, b, casemapping, expected) => {
  expect(sameName(a, b, casemapping)).toBe(expected);
});

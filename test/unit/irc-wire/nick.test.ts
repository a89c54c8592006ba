import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { alternativeNick } from "../../../shared/irc/wire/nick.ts";

const NICK = /^[A-Za-z[\]\\`_^{|}][A-Za-z0-9[\]\\`_^{|}-]*$/;
const nick = fc.stringMatching(/^[A-Za-z[\]\\`_^{|}][A-Za-z0-9[\]\\`_^{|}-]{0,15}$/);

const firstNicks = (wanted: string, count: number, nicklen: number) =>
  Array.from({ length: count }, (_, attempt) => alternativeNick(wanted, attempt, nicklen));

describe("alternativeNick()", () => {
  test.each([
    ["saxjax", 9, ["saxjax", "saxjax_", "saxjax__", "saxjax1", "saxjax2"]],
    ["saxjax890", 9, ["saxjax890", "saxjax89_", "saxjax8__", "saxjax891", "saxjax892"]],
    ["saxjax8901", 9, ["saxjax890", "saxjax89_", "saxjax8__", "saxjax891", "saxjax892"]],
    ["saxjax89_", 9, ["saxjax89_", "saxjax8__", "saxjax891", "saxjax892", "saxjax893"]],
  ])("tries for %s within %d characters %j", (wanted, nicklen, expected) => {
    expect(firstNicks(wanted, 5, nicklen)).toEqual(expected);
  });

  test("gives at least 20 that differ, valid and within the limit", () => {
    fc.assert(
      fc.property(nick, fc.integer({ min: 3, max: 40 }), (wanted, nicklen) => {
        const nicks = firstNicks(wanted, 20, nicklen);
        expect(new Set(nicks).size).toBe(20);
        for (const each of nicks) {
          expect(each).toMatch(NICK);
          expect(each.length).toBeLessThanOrEqual(nicklen);
        }
      }),
    );
  });

  test("cuts nothing when no limit is known", () => {
    const nicks = [0, 1, 2, 3].map((n) => alternativeNick("saxjax890", n, undefined));
    expect(nicks).toEqual(["saxjax890", "saxjax890_", "saxjax890__", "saxjax8901"]);
  });

  test("begins again when all were tried", () => {
    expect(alternativeNick("saxjax", 1_000_000, 9)).toMatch(/^saxjax?/);
    expect(firstNicks("ab", 12, 2)).toContain("a9");
    expect(alternativeNick("ab", 11, 2)).toBe("ab");
  });
});

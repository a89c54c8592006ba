import { describe, expect, test } from "vitest";
import { readOptions, UsageError } from "../../../bench/options.ts";

describe("readOptions()", () => {
  test("knows what to measure without being told", () => {
    expect(readOptions([])).toEqual({
      rounds: 3,
      messages: 5_000,
      ircd: "inspircd",
      xmpp: "prosody",
      json: undefined,
    });
  });

  test("reads every option", () => {
    const words = "--rounds 1 --messages 10 --ircd ngircd --xmpp ejabberd --json out.json";
    expect(readOptions(words.split(" "))).toEqual({
      rounds: 1,
      messages: 10,
      ircd: "ngircd",
      xmpp: "ejabberd",
      json: "out.json",
    });
  });

  test.each([
    { words: ["--rounds", "0"], says: "--rounds should be a whole number from 1 to 20" },
    { words: ["--messages", "1e9"], says: "--messages should be a whole number from 1 to 10000" },
    { words: ["--messages", "x"], says: "--messages should be a whole number" },
    { words: ["--ircd", "ircd2"], says: "--ircd should be inspircd or ngircd" },
    { words: ["--xmpp", ""], says: "--xmpp should be prosody or ejabberd" },
    { words: ["--quick"], says: "--quick" },
    { words: ["now"], says: "now" },
  ])("refuses $words and says what is right", ({ words, says }) => {
    expect(() => readOptions(words)).toThrow(UsageError);
    expect(() => readOptions(words)).toThrow(says);
    expect(() => readOptions(words)).toThrow("npm run bench -- ");
  });
});

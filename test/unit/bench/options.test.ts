import { describe, expect, test } from "vitest";
import { UsageError } from "../../../bench/command-line.ts";
import { readOptions } from "../../../bench/options.ts";
import { readOutageOptions } from "../../../bench/outage/options.ts";

describe("readOptions()", () => {
  test("knows what to measure without being told", () => {
    expect(readOptions([])).toEqual({
      rounds: 3,
      messages: 5_000,
      ircd: "inspircd",
      xmpp: "prosody",
      beside: [],
      json: undefined,
    });
  });

  test("reads every option", () => {
    const words =
      "--rounds 1 --messages 10 --ircd ngircd --xmpp ejabberd --json out.json " +
      "--beside before=../old/dist --beside other=/srv/other";
    expect(readOptions(words.split(" "))).toEqual({
      rounds: 1,
      messages: 10,
      ircd: "ngircd",
      xmpp: "ejabberd",
      beside: [
        { name: "before", value: "../old/dist" },
        { name: "other", value: "/srv/other" },
      ],
      json: "out.json",
    });
  });

  test.each([
    { words: ["--rounds", "0"], says: "--rounds should be a whole number from 1 to 20" },
    { words: ["--messages", "1e9"], says: "--messages should be a whole number from 1 to 10000" },
    { words: ["--messages", "x"], says: "--messages should be a whole number" },
    { words: ["--ircd", "ircd2"], says: "--ircd should be inspircd or ngircd" },
    { words: ["--xmpp", ""], says: "--xmpp should be prosody or ejabberd" },
    { words: ["--beside", "../old/dist"], says: "--beside should be NAME=VALUE" },
    { words: ["--quick"], says: "--quick" },
    { words: ["now"], says: "now" },
  ])("refuses $words and says what is right", ({ words, says }) => {
    expect(() => readOptions(words)).toThrow(UsageError);
    expect(() => readOptions(words)).toThrow(says);
    expect(() => readOptions(words)).toThrow("npm run bench -- ");
  });
});

describe("readOutageOptions()", () => {
  test("knows four outages without being told", () => {
    expect(readOutageOptions([])).toEqual({
      rounds: 3,
      outages: [
        { server: "xmpp", fault: "killed", seconds: 15 },
        { server: "xmpp", fault: "frozen", seconds: 15 },
        { server: "irc", fault: "killed", seconds: 15 },
        { server: "irc", fault: "frozen", seconds: 15 },
      ],
      others: [],
      json: undefined,
    });
  });

  test("reads every option", () => {
    const words = ["--rounds", "2", "--seconds", "15,120", "--server", "irc", "--fault", "killed"];
    const other = ["--other", "plain=node relay.mjs --nick=x", "--json", "out.json"];
    expect(readOutageOptions([...words, ...other])).toEqual({
      rounds: 2,
      outages: [
        { server: "irc", fault: "killed", seconds: 15 },
        { server: "irc", fault: "killed", seconds: 120 },
      ],
      others: [{ name: "plain", value: "node relay.mjs --nick=x" }],
      json: "out.json",
    });
  });

  test.each([
    { words: ["--seconds", "15,"], says: "--seconds should be a whole number from 1 to 600" },
    { words: ["--server", "irc,web"], says: "--server should be xmpp or irc" },
    { words: ["--fault", "drowned"], says: "--fault should be killed or frozen" },
    { words: ["--other", "node relay.mjs"], says: "--other should be NAME=VALUE" },
    { words: ["--messages", "10"], says: "--messages" },
  ])("refuses $words and says what is right", ({ words, says }) => {
    expect(() => readOutageOptions(words)).toThrow(UsageError);
    expect(() => readOutageOptions(words)).toThrow(says);
  });
});

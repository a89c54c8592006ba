import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatLabelled, formatLine, parseLine } from "../../../shared/irc/wire/line.ts";

const noise = fc
  .array(
    fc.oneof(
      fc.constantFrom(" ", ":", "@", "\r", "\n", "\0", ";", "=", "\\", "é", "x", "PING", "001"),
      fc.nat(0xffff).map((code) => String.fromCharCode(code)),
    ),
    { maxLength: 30 },
  )
  .map((parts) => parts.join(""));

const command = fc.oneof(fc.stringMatching(/^[A-Z]{1,10}$/), fc.stringMatching(/^[0-9]{3}$/));
const middle = fc.stringMatching(/^[^:\s\0][^ \r\n\0]{0,20}$/);
const trailing = noise.map((text) => text.replace(/[\r\n\0]/g, ""));
const params = fc.oneof(
  fc.array(middle, { maxLength: 14 }),
  fc.tuple(fc.array(middle, { maxLength: 13 }), trailing).map(([first, last]) => [...first, last]),
);
const tags = fc.dictionary(fc.stringMatching(/^\+?([a-z.]{1,8}\/)?[A-Za-z0-9-]{1,8}$/), noise, {
  maxKeys: 4,
});

describe("parseLine()", () => {
  test.each([
    ["PING :tok", { command: "PING", params: ["tok"] }],
    ["ping a b", { command: "PING", params: ["a", "b"] }],
    ["PING :a b", { command: "PING", params: ["a b"] }],
    [
      ":a!b@c PRIVMSG #room :hi  there ",
      { source: "a!b@c", command: "PRIVMSG", params: ["#room", "hi  there "] },
    ],
    [":a!b@c PRIVMSG #room ::D", { source: "a!b@c", command: "PRIVMSG", params: ["#room", ":D"] }],
    [":a PRIVMSG #room :", { source: "a", command: "PRIVMSG", params: ["#room", ""] }],
    [":a AWAY ", { source: "a", command: "AWAY", params: [] }],
    [
      ":irc.example.org 432  #chan :Erroneous Nickname: x",
      { source: "irc.example.org", command: "432", params: ["#chan", "Erroneous Nickname: x"] },
    ],
    [":a MODE #chan +n ", { source: "a", command: "MODE", params: ["#chan", "+n"] }],
    ["MODE #chan a:b", { command: "MODE", params: ["#chan", "a:b"] }],
    ["  PING   x  \r\n", { command: "PING", params: ["x"] }],
    ["PRIVMSG a :b\tc", { command: "PRIVMSG", params: ["a", "b\tc"] }],
  ])("reads %j", (text, expected) => {
    expect(parseLine(text)).toEqual(expected);
  });

  test.each([
    ["@a=b;c;d= PING", { a: "b", c: "", d: "" }],
    ["@a=1;a=2 PING", { a: "2" }],
    [String.raw`@a=\:\s\\\r\n\x\ PING`, { a: "; \\\r\nx" }],
    ["@+example.org/x-1=y PING", { "+example.org/x-1": "y" }],
    ["@time=2024-05-01T10:00:00.000Z :a PING", { time: "2024-05-01T10:00:00.000Z" }],
    ["@a=b=c PING", { a: "b=c" }],
    ["@;=x;; PING", {}],
  ])("reads the tags of %j", (text, expected) => {
    const line = parseLine(text);
    expect(line?.command).toBe("PING");
    expect({ ...line?.tags }).toEqual(expected);
  });

  test("reads every value of a tag as it was before it was escaped", () => {
    const escapes = new Map(
      Object.entries({ ";": "\\:", "\\": "\\\\", " ": "\\s", "\r": "\\r", "\n": "\\n" }),
    );
    const escaped = (value: string) => value.replace(/[;\\ \r\n]/g, (c) => escapes.get(c) ?? c);
    fc.assert(
      fc.property(tags, (meant) => {
        const written = Object.entries(meant).map(([name, value]) => `${name}=${escaped(value)}`);
        expect({ ...parseLine(`@${written.join(";")} PING`)?.tags }).toEqual({ ...meant });
      }),
    );
  });

  test("reads what InspIRCd 3.15 said", () => {
    const transcript = [
      "@time=2026-11-20T10:02:34.709Z :irc.test CAP * ACK :message-tags server-time echo-message",
      ":irc.test 353 saxjax = #Room :@saxjax",
      String.raw`@time=2026-11-20T10:02:38.210Z;msgid=1AA~1795168951~1;label=b2;inspircd.org/echo;+x/y=1\\s2 :saxjax!saxjax@127.0.0.1 PRIVMSG #Room ::D x`,
      ":irc.test PONG irc.test :a b",
      ":saxjax!saxjax@127.0.0.1 MODE #Room +k :key",
      ":other[!o@127.0.0.1 PRIVMSG @#Room :hi",
      "ERROR :Closing link: (o@127.0.0.1) [bye]",
    ];
    const time = "2026-11-20T10:02:34.709Z";
    const caps = "message-tags server-time echo-message";
    expect(transcript.map((text) => parseLine(`${text}\r\n`))).toEqual([
      { tags: { time }, source: "irc.test", command: "CAP", params: ["*", "ACK", caps] },
      { source: "irc.test", command: "353", params: ["saxjax", "=", "#Room", "@saxjax"] },
      {
        tags: {
          time: "2026-11-20T10:02:38.210Z",
          msgid: "1AA~1795168951~1",
          label: "b2",
          "inspircd.org/echo": "",
          "+x/y": String.raw`1\s2`,
        },
        source: "saxjax!saxjax@127.0.0.1",
        command: "PRIVMSG",
        params: ["#Room", ":D x"],
      },
      { source: "irc.test", command: "PONG", params: ["irc.test", "a b"] },
      { source: "saxjax!saxjax@127.0.0.1", command: "MODE", params: ["#Room", "+k", "key"] },
      { source: "other[!o@127.0.0.1", command: "PRIVMSG", params: ["@#Room", "hi"] },
      { command: "ERROR", params: ["Closing link: (o@127.0.0.1) [bye]"] },
    ]);
  });

  test("takes no tag for something else, whatever its name", () => {
    const line = parseLine("@__proto__=x;constructor=y PING");
    expect(Object.entries(line?.tags ?? {})).toEqual([
      ["__proto__", "x"],
      ["constructor", "y"],
    ]);
    expect(parseLine("@a PING")?.tags?.["toString"]).toBeUndefined();
  });

  test.each([
    "",
    " ",
    "\r\n",
    ":source",
    ":source ",
    "@tag",
    "@tag :source",
    ": :x",
    "12 x",
    "1234",
    "PRIV-MSG x",
    "ÄÖ",
  ])("finds no command in %j", (text) => {
    expect(parseLine(text)).toBeUndefined();
  });

  test("reads anything, and makes no parameter but the last that holds a space or begins with a colon", () => {
    fc.assert(
      fc.property(noise, (text) => {
        const line = parseLine(`PING ${text}`);
        const middles = line?.params.slice(0, -1) ?? ["no line"];
        expect(middles.filter((param) => /^:| |^$/.test(param))).toEqual([]);
        expect(parseLine(text)?.command ?? "NONE").toMatch(/^([A-Z]+|[0-9]{3})$/);
      }),
    );
  });
});

describe("formatLabelled()", () => {
  test("puts the label in front", () => {
    expect(formatLabelled("1z", "PRIVMSG", ["#a", "two words"])).toBe(
      "@label=1z PRIVMSG #a :two words",
    );
  });

  test("keeps any label within 64 letters and digits", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 100 }), (label) => {
        expect(formatLabelled(label, "PING", ["x"])).toMatch(/^@label=[A-Za-z0-9]{0,64} PING x$/);
      }),
    );
  });
});

describe("formatLine()", () => {
  test.each([
    ["PING", [], "PING"],
    ["PONG", ["a b"], "PONG :a b"],
    ["PRIVMSG", ["#room", "word"], "PRIVMSG #room word"],
    ["PRIVMSG", ["#room", ":D"], "PRIVMSG #room ::D"],
    ["PRIVMSG", ["#room", ""], "PRIVMSG #room :"],
    ["PRIVMSG", ["#room", "a\r\nQUIT :b\0"], "PRIVMSG #room :aQUIT :b"],
    ["PRIVMSG", ["#room\r\nQUIT", "x"], "PRIVMSG #roomQUIT x"],
    ["KICK", ["#room", "a b", "reason"], "KICK #room ab reason"],
    ["KICK", ["#room", ":a", "reason"], "KICK #room a reason"],
    ["KICK", ["#room", " ", "nick"], "KICK #room * nick"],
    ["JOIN\r\nQUIT", ["#room"], "JOINQUIT #room"],
  ])("writes %j %j as %j", (name, words, expected) => {
    expect(formatLine(name, words)).toBe(expected);
  });

  test("writes what parseLine() reads back", () => {
    fc.assert(
      fc.property(command, params, (name, words) => {
        expect(parseLine(formatLine(name, words))).toEqual({ command: name, params: words });
      }),
    );
  });

  test("writes one line with as many parameters as it was given, whatever they hold", () => {
    fc.assert(
      fc.property(command, fc.array(noise, { maxLength: 5 }), (name, words) => {
        const line = formatLine(name, words);
        expect(line).not.toMatch(/[\r\n\0]/);
        expect(parseLine(line)).toMatchObject({ command: name });
        expect(parseLine(line)?.params).toHaveLength(words.length);
      }),
    );
  });
});

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatLine } from "../../../shared/irc/wire/line.ts";
import { parseSource, textBytes } from "../../../shared/irc/wire/source.ts";
import { splitByBytes, utf8Length } from "../../../shared/text/split.ts";

test.each([
  ["nick!user@host.example", { nick: "nick", user: "user", host: "host.example" }],
  ["nick!~u@2001:db8::1", { nick: "nick", user: "~u", host: "2001:db8::1" }],
  ["nick@host", { nick: "nick", user: undefined, host: "host" }],
  ["nick!user", { nick: "nick", user: "user", host: undefined }],
  ["irc.example.org", { nick: "irc.example.org", user: undefined, host: undefined }],
  ["", { nick: "", user: undefined, host: undefined }],
  ["nick!a@b@host", { nick: "nick", user: "a@b", host: "host" }],
])("parseSource() takes %j apart", (source, expected) => {
  expect(parseSource(source)).toEqual(expected);
});

describe("textBytes()", () => {
  test("counts what stands around the text in bytes", () => {
    const room = textBytes({
      source: "sax!~sax@host.example",
      command: "PRIVMSG",
      target: "#café",
      linelen: 512,
    });
    expect(room).toBe(512 - utf8Length(":sax!~sax@host.example PRIVMSG #café :\r\n"));
    expect(room).toBe(471);
  });

  test("leaves some room under a source of any length", () => {
    const room = textBytes({
      source: "x".repeat(600),
      command: "PRIVMSG",
      target: "#a",
      linelen: 512,
    });
    expect(room).toBe(64);
  });

  test("makes every piece fit into a line as others get it", () => {
    const source = "saxjax!~saxjax@bridge.example.org";
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 2_000 }), (text) => {
        const room = textBytes({ source, command: "PRIVMSG", target: "#room", linelen: 512 });
        for (const piece of splitByBytes(text, room)) {
          const line = formatLine("PRIVMSG", ["#room", piece]);
          expect(utf8Length(`:${source} ${line}\r\n`)).toBeLessThanOrEqual(512);
        }
      }),
      { numRuns: 30 },
    );
  });
});

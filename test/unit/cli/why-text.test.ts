import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { codeMeaning } from "../../../cli/code-meaning.ts";
import { formatFates } from "../../../cli/why-text.ts";

const TAKEN = Date.UTC(2026, 0, 1, 12, 0, 0, 250);

describe("formatFates()", () => {
  test("is a block for each message, with what its code means", () => {
    const page = formatFates([
      {
        queue: "irc-relay irc-to-room #chat chat@conference.example.org",
        id: "abc",
        nick: "ivan",
        takenAt: TAKEN,
        at: TAKEN + 300,
        code: "delivered",
      },
      { queue: "webridge chat@conference.example.org", id: "17", takenAt: TAKEN, code: "waiting" },
    ]);
    expect(page).toBe(`direction  irc-relay irc-to-room #chat chat@conference.example.org
id         abc
from       ivan
taken      2026-01-01 12:00:00.2 UTC
settled    2026-01-01 12:00:00.5 UTC, 300 ms later
fate       delivered: the other side has confirmed it

direction  webridge chat@conference.example.org
id         17
taken      2026-01-01 12:00:00.2 UTC
fate       waiting: it waits to be said
`);
  });

  test("what people wrote takes no line of its own, and reaches no terminal as a command", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (nick, text) => {
        const page = formatFates([
          { queue: "webridge", id: "1", nick, takenAt: TAKEN, code: "delivered", text },
        ]);
        expect(page.split("\n")).toHaveLength(7);
        expect(page.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
      }),
    );
  });
});

describe("codeMeaning()", () => {
  test.each([
    [
      "refused: 404",
      "the IRC channel lets nobody like us speak: moderated, or we are banned (404)",
    ],
    ["refused: 999", "the other side will not have it (999)"],
    ["ignored: notice", "notices are not repeated here (IRC_NOTICE_RELAY)"],
    ["ignored: whim", "it is not for the other side (whim)"],
    ["toString", "toString"],
  ])("says what %s means", (code, meaning) => {
    expect(codeMeaning(code)).toBe(meaning);
  });
});

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  formatForIrc,
  formatForRoom,
  lateStamp,
  MOST_LINES,
  withoutStamp,
} from "../../../bridges/irc-relay/format.ts";
import type { ChatMessage } from "../../../shared/message.ts";
import { serialise } from "../../../shared/xmpp/wire/serialise.ts";
import { el } from "../../../shared/xmpp/wire/xml.ts";
import { stanza } from "../../support/stanza.ts";

const LIMIT = 400;

function says(body: string, nick = "anna", kind: ChatMessage["kind"] = "message"): ChatMessage {
  return { kind, nick, body };
}

const bytes = (text: string) => new TextEncoder().encode(text).length;

const numbered = (count: number) => Array.from({ length: count }, (_, i) => `line ${i}`).join("\n");

/** Text as only somebody who means harm writes it. */
const evil = fc.oneof(
  fc.string({ unit: "binary", maxLength: 300 }),
  fc
    .array(
      fc.constantFrom(
        ..."<|>|<anna>| |\r|\n|\0|\x01|\x02|\x0304|\u2028|\u2029|\u0085|\u202E|\u2066|\u2069|\u200B|\u200D".split(
          "|",
        ),
        ..."\uD83D|\uFFFE|\uFFFF|😀|👩‍👩‍👧‍👧|e\u0301|/me |QUIT|PRIVMSG #x :|\x01VERSION\x01|</body>|&lt;|]]>".split(
          "|",
        ),
      ),
      { maxLength: 60 },
    )
    .map((parts) => parts.join("")),
);
const kind = fc.constantFrom<ChatMessage["kind"]>("message", "action", "notice");
const message = fc.record({ kind, nick: evil, body: evil });

describe("formatForIrc()", () => {
  test.each([
    ["what is said", says("hello"), ["<anna> hello"]],
    ["each line", says("one\ntwo\r\nthree"), ["<anna> one", "<anna> two", "<anna> three"]],
    ["an action", says("waves", "anna", "action"), ["* anna waves"]],
    [
      "only the first line as an action",
      says("waves\nhello", "anna", "action"),
      ["* anna waves", "<anna> hello"],
    ],
    ["no empty line", says("\n\none\n \n\t\ntwo\n"), ["<anna> one", "<anna> two"]],
    ["nothing of nothing", says("\n \r\n\x01"), []],
    [
      "a line that looks like a command",
      says("QUIT :bye\n/quit"),
      ["<anna> QUIT :bye", "<anna> /quit"],
    ],
    ["a smile with its colon", says(":D"), ["<anna> :D"]],
    ["no CTCP", says("\x01VERSION\x01"), ["<anna> VERSION"]],
    ["a nick that pretends", says("hi", "x> <op"), ["<x› ‹op> hi"]],
    ["a nick that turns the line around", says("hi", "x\u202Ey"), ["<xy> hi"]],
    ["a nick with lines", says("hi", "x\r\nQUIT"), ["<x QUIT> hi"]],
    ["a nick of nothing", says("hi", "\u200B"), ["<?> hi"]],
  ])("writes %s", (_, said, lines) => {
    expect(formatForIrc(said, LIMIT)).toEqual(lines);
  });

  test("shortens a nick of a thousand bytes", () => {
    const [line = ""] = formatForIrc(says("hi", "n".repeat(1_000)), LIMIT);
    expect(bytes(line)).toBeLessThan(80);
    expect(line).toMatch(/^<n+…> hi$/);
  });

  test("shows as many lines as may be, and counts the others in the last one", () => {
    expect(formatForIrc(says(numbered(MOST_LINES)), LIMIT)).toHaveLength(MOST_LINES);
    const lines = formatForIrc(says(numbered(50)), LIMIT);
    expect(lines).toHaveLength(MOST_LINES);
    expect(lines.slice(-2)).toEqual(["<anna> line 18", "<anna> (+31 lines)"]);
  });

  test("makes few lines of a body as long as a server passes on, and takes no time for it", () => {
    const since = performance.now();
    const lines = formatForIrc(says("日本語 ".repeat(20_000)), LIMIT);
    expect(lines).toHaveLength(MOST_LINES);
    expect(lines.at(-1)).toMatch(/^<anna> \(\+\d+ lines\)$/);
    expect(performance.now() - since).toBeLessThan(1_000);
  });

  test("writes only lines that fit, with the nick in front", () => {
    fc.assert(
      fc.property(message, fc.integer({ min: 80, max: 510 }), (said, limit) => {
        for (const line of formatForIrc(said, limit)) {
          expect(bytes(line)).toBeLessThanOrEqual(limit);
        }
      }),
    );
  });

  test("writes nothing that ends a line, begins a CTCP or hides", () => {
    fc.assert(
      fc.property(message, (said) => {
        for (const line of formatForIrc(said, LIMIT))
          expect(line).toMatch(/^[^\p{Cc}\u2028\u2029]+$/u);
      }),
    );
  });

  test("writes nothing that can be read as somebody else's words", () => {
    fc.assert(
      fc.property(message, (said) => {
        const [first = "<?> x"] = formatForIrc(says("x", said.nick), LIMIT);
        const shown = /^<([^<>]+)> x$/.exec(first)?.[1];
        expect(shown).toBeDefined();
        for (const [i, line] of formatForIrc(said, LIMIT).entries()) {
          const prefix = said.kind === "action" && i === 0 ? `* ${shown} ` : `<${shown}> `;
          expect(line.startsWith(prefix) || line.startsWith(`<${shown}> `)).toBe(true);
        }
      }),
    );
  });

  test("loses no word of what fits", () => {
    const word = fc.stringMatching(/^[a-zé日😀]{1,30}$/u);
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 100 }), (words) => {
        const lines = formatForIrc(says(words.join(" ")), LIMIT);
        const text = lines.map((line) => line.replace("<anna> ", "")).join("");
        expect(text.split(" ").filter((piece) => piece !== "")).toEqual(words);
      }),
    );
  });
});

describe("formatForRoom()", () => {
  test.each([
    ["what is said", says("hello"), "<anna> hello"],
    ["an action", says("waves", "anna", "action"), "* anna waves"],
    ["a notice", says("beware", "anna", "notice"), "-anna- beware"],
    ["markup as text", says("</body></message><b>"), "<anna> </body></message><b>"],
    ["one line", says("one\r\ntwo"), "<anna> one two"],
    ["a nick that pretends", says("hi", "x> <op"), "<x› ‹op> hi"],
  ])("writes %s", (_, said, body) => {
    expect(formatForRoom(said)).toBe(body);
  });

  test("writes one line that XML can carry and that comes out as it went in", () => {
    fc.assert(
      fc.property(message, (said) => {
        const body = formatForRoom(said);
        expect(body).toMatch(/^[^\p{Cc}\p{Cs}\u2028\u2029\uFFFE\uFFFF]+$/u);
        const sent = serialise(el("message", {}, el("body", {}, body), el("end")));
        const read = stanza(sent);
        expect(read.getChildText("body")).toBe(body);
        expect(read.getChildElements()).toHaveLength(2);
      }),
    );
  });

  test("is never far longer than what was said", () => {
    fc.assert(
      fc.property(message, (said) => {
        expect(bytes(formatForRoom(said))).toBeLessThanOrEqual(2 * bytes(said.body) + 80);
      }),
    );
  });
});

describe("lateStamp()", () => {
  const now = Date.UTC(2026, 0, 2, 0, 30);
  test.each([
    ["nothing of the present", 0, ""],
    ["nothing of less than a minute", 59_999, ""],
    ["nothing of the future, where the clock was put back", -3_600_000, ""],
    ["the time of a minute ago", 60_000, "[00:29 UTC] "],
    ["the date, too, of another day", 3_600_000, "[2026-01-01 23:30 UTC] "],
  ])("says %s", (_what, ago, stamp) => {
    expect(lateStamp(now - ago, now)).toBe(stamp);
  });

  test("stands before every line of IRC, within the limit", () => {
    fc.assert(
      fc.property(message, fc.constantFrom("", "[23:30 UTC] "), (said, stamp) => {
        for (const line of formatForIrc(said, LIMIT, stamp)) {
          expect(line.startsWith(stamp)).toBe(true);
          expect(bytes(line)).toBeLessThanOrEqual(LIMIT);
        }
      }),
    );
  });

  test("stands before what a room gets", () => {
    expect(formatForRoom(says("hi"), "[23:30 UTC] ")).toBe("[23:30 UTC] <anna> hi");
    expect(formatForRoom(says("waves", "anna", "action"), "[23:30 UTC] ")).toBe(
      "[23:30 UTC] * anna waves",
    );
  });

  test("comes off again", () => {
    fc.assert(
      fc.property(message, fc.integer({ min: 0, max: 10_000_000 }), (said, ago) => {
        const line = formatForRoom(said, lateStamp(now - ago, now));
        expect(withoutStamp(line)).toBe(formatForRoom(said));
      }),
    );
  });
});

const isOwn = (line: string) => /^(?:\[[^\]]+ UTC\] )?\*\*\* saxbridge: /.test(line);

describe("a line of the relay itself", () => {
  const own = fc.record({ kind: fc.constant("own" as const), body: evil });
  const stamp = fc.constantFrom("", "[23:30 UTC] ", "[2026-01-01 23:30 UTC] ");

  test("is known by its beginning, each line of it", () => {
    fc.assert(
      fc.property(own, stamp, (said, late) => {
        expect(isOwn(formatForRoom(said, late))).toBe(true);
        expect(formatForIrc(said, LIMIT, late).every(isOwn)).toBe(true);
      }),
    );
  });

  test("is nothing that anybody can say, whatever his nick", () => {
    const claim = fc.constantFrom("saxbridge", "*** saxbridge:", "** saxbridge", "", "\x01*");
    const pretender = fc.record({ kind, nick: fc.oneof(claim, evil), body: fc.oneof(claim, evil) });
    fc.assert(
      fc.property(pretender, stamp, (said, late) => {
        expect(isOwn(formatForRoom(said, late))).toBe(false);
        expect(formatForIrc(said, LIMIT, late).some(isOwn)).toBe(false);
      }),
    );
  });
});

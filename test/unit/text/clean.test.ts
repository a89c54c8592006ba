import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ircSafe, isolateBidi, oneLine, safeNick, xmlSafe } from "../../../shared/text/clean.ts";
import { utf8Length } from "../../../shared/text/split.ts";

/** UTF-16 code units of any kind, with those that matter here more often than chance would have them. */
const anyText = fc
  .array(
    fc.oneof(
      fc.nat(0xffff).map((code) => String.fromCharCode(code)),
      fc.nat(0xa0).map((code) => String.fromCharCode(code)),
      fc.constantFrom("\r\n", "\x01", "\0", "<", ">", " ", "\u2028", "\u0085", "\uFEFF", "\uFFFE"),
      fc.constantFrom("\u200B", "\u200D", "\u202E", "\u202C", "\u2067", "\u2069", "👩", "\uFE0F"),
      fc.constantFrom("\u0301", "\u00A0", "🏽", "א", "a"),
    ),
    { maxLength: 60 },
  )
  .map((parts) => parts.join(""));

/** XML 1.0 section 2.2. */
const isXmlChar = (code: number) =>
  [0x9, 0xa, 0xd].includes(code) ||
  (code >= 0x20 && code <= 0xd7ff) ||
  (code >= 0xe000 && code <= 0xfffd) ||
  code >= 0x10000;

const RLO = "\u202E";
const LRE = "\u202A";
const PDF = "\u202C";
const RLI = "\u2067";
const PDI = "\u2069";

const withoutBidi = (text: string) => text.replace(/[\u202A-\u202E\u2066-\u2069]/g, "");

/** The bidi controls that open and are not closed, or close and were not opened, taken from inside out. */
function unbalanced(line: string): string[] {
  const controls = line.match(/[\u202A-\u202E\u2066-\u2069]/g) ?? [];
  let rest = controls.join("");
  for (let before = ""; before !== rest; ) {
    before = rest;
    rest = rest.replace(/[\u202A\u202B\u202D\u202E]\u202C/g, "");
    // An isolate's end also ends what was embedded inside.
    rest = rest.replace(/[\u2066-\u2068][\u202A\u202B\u202D\u202E]*\u2069/g, "");
  }
  return Array.from(rest);
}

describe.each([
  ["xmlSafe", xmlSafe],
  ["ircSafe", ircSafe],
  ["oneLine", oneLine],
  ["safeNick", (text: string) => safeNick(text)],
  ["isolateBidi", isolateBidi],
])("%s()", (_name, clean) => {
  test("changes nothing more in what it made", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(clean(clean(text))).toBe(clean(text));
      }),
    );
  });
});

describe("xmlSafe()", () => {
  test.each([
    ["plain é 漢 😀\n\tnext", "plain é 漢 😀\n\tnext"],
    ["bell\x07 and \x1Bescape", "bell and escape"],
    ["nul\0", "nul"],
    ["\uFFFE\uFFFFend", "end"],
    ["lone \uD83D surrogate", "lone \uFFFD surrogate"],
    ["\uDE00\uD83D", "\uFFFD\uFFFD"],
    ["\x7F\x85", "\x7F\x85"],
  ])("makes of %j %j", (text, expected) => {
    expect(xmlSafe(text)).toBe(expected);
  });

  test("leaves only what XML 1.0 calls a Char", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const codes = Array.from(xmlSafe(text), (character) => character.codePointAt(0) ?? 0);
        expect(codes.filter((code) => !isXmlChar(code))).toEqual([]);
      }),
    );
  });
});

describe("ircSafe()", () => {
  test.each([
    ["plain text", "plain text"],
    ["\x02bold\x02 \x0304red", "\x02bold\x02 \x0304red"],
    ["one\r\nQUIT :two", "one QUIT :two"],
    ["one\0\r\n\ntwo\rthree", "one two three"],
    ["\x01DCC SEND\x01", "DCC SEND"],
    ["a\r\x01\nb", "a b"],
  ])("makes of %j %j", (text, expected) => {
    expect(ircSafe(text)).toBe(expected);
  });

  test("leaves nothing that could end a line or begin a CTCP", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        for (const forbidden of ["\r", "\n", "\0", "\x01"]) {
          expect(ircSafe(text)).not.toContain(forbidden);
        }
      }),
    );
  });
});

describe("oneLine()", () => {
  test.each([
    ["  plain  ", "plain"],
    ["one\r\n\r\ntwo", "one two"],
    ["one\u2028two\u2029three\u0085four\vfive\fsix", "one two three four five six"],
    ["a\tb", "a b"],
    ["a\x07b\x9Cc\x7Fd", "abcd"],
    ["a\n\x01\nb", "a b"],
    ["\n", ""],
  ])("makes of %j %j", (text, expected) => {
    expect(oneLine(text)).toBe(expected);
  });

  test("leaves no control character and no line break", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(oneLine(text)).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
      }),
    );
  });
});

describe("safeNick()", () => {
  test.each([
    ["Kerm", "Kerm"],
    ["Zoë Müller", "Zoë Müller"],
    ["x> fake", "x› fake"],
    ["<admin>", "‹admin›"],
    ["a\r\nQUIT", "a QUIT"],
    ["nimda\u202E", "nimda"],
    ["\u2067abc\u2069", "abc"],
    ["ad\u200Bmin\u200C\uFEFF", "admin"],
    ["ad\u200Dmin", "admin"],
    ["a\u00A0\u2003 b", "a b"],
    ["\u0301\u0302x", "x"],
    ["\u2800\u3164", "?"],
    ["", "?"],
    ["👩‍👩‍👧‍👦 mum", "👩‍👩‍👧‍👦 mum"],
    ["❤\uFE0F", "❤\uFE0F"],
    ["👍🏽", "👍🏽"],
    ["محمد", "محمد"],
  ])("shows %j as %j", (nick, expected) => {
    expect(safeNick(nick)).toBe(expected);
  });

  test("shortens a long nick at a grapheme border", () => {
    expect(safeNick("n".repeat(1023))).toBe(`${"n".repeat(61)}…`);
    expect(safeNick("👍🏽👍🏽👍🏽", 20)).toBe("👍🏽👍🏽…");
  });

  test("shows nothing that could end the nick early, hide, or turn the line around", () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 60, max: 100 }), (nick, limit) => {
        const shown = safeNick(nick, limit);
        expect(shown).toMatch(/^\S/);
        expect(shown).not.toMatch(/[<>\p{Cc}\u2028\u2029\u00A0]/u);
        expect(shown).not.toMatch(
          /[\u061C\u200B\u200C\u200E\u200F\u202A-\u202E\u2060-\u2069\uFEFF]/,
        );
        expect(shown).not.toMatch(/(?<!\p{ExtPict}[\uFE0F\p{EMod}]?)\u200D/u);
        expect(utf8Length(shown)).toBeLessThanOrEqual(limit);
      }),
    );
  });
});

describe("isolateBidi()", () => {
  test.each([
    ["plain", "plain"],
    ["שלום world", "שלום world"],
    [`${RLO}abc${PDF} d`, `${RLO}abc${PDF} d`],
    [`${RLI}a${LRE}b${PDF}c${PDI}`, `${RLI}a${LRE}b${PDF}c${PDI}`],
    [`${RLO}abc`, `${RLO}abc${PDF}`],
    [`${RLI}a${LRE}b`, `${RLI}a${LRE}b${PDF}${PDI}`],
    [`${RLI}a${LRE}b${PDI}c`, `${RLI}a${LRE}b${PDI}c`],
    [`a${PDF}b${PDI}c`, "abc"],
    [`${RLO}a${RLI}b${PDF}`, `${RLO}a${RLI}b${PDI}${PDF}`],
    [`${RLO}one\ntwo${PDF}`, `${RLO}one${PDF}\ntwo`],
  ])("makes of %j %j", (text, expected) => {
    expect(isolateBidi(text)).toBe(expected);
  });

  test("leaves nothing open at the end of a line, and closes nothing that was opened outside", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        for (const line of isolateBidi(text).split(/[\n\r\u0085\u2029]/)) {
          expect(unbalanced(line)).toEqual([]);
        }
      }),
    );
  });

  test("changes only bidi controls", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(withoutBidi(isolateBidi(text))).toBe(withoutBidi(text));
      }),
    );
  });
});

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { shorten, splitByBytes, utf8Length } from "../../../shared/text/split.ts";

const encoder = new TextEncoder();
const segmenter = new Intl.Segmenter("und", { granularity: "grapheme" });
const graphemes = (text: string) => Array.from(segmenter.segment(text), ({ segment }) => segment);

/** Text in which every kind of grapheme meets every other, and some that is pure noise. */
const anyText = fc.oneof(
  fc
    .array(
      fc.constantFrom(
        "a",
        " ",
        "é",
        "e\u0301",
        " \u0301",
        "漢",
        "한",
        "\u1112\u1161\u11AB",
        "👩‍👩‍👧‍👦",
        "🇩🇪",
        "🇫",
        "👍🏽",
        "\r\n",
        "\u0600",
        "\u200D",
        "क्षि",
      ),
      { maxLength: 60 },
    )
    .map((parts) => parts.join("")),
  fc.string({ unit: "grapheme", maxLength: 200 }),
  fc.string({ unit: "binary", maxLength: 200 }),
);

const FAMILY = "👩‍👩‍👧‍👦";

describe("utf8Length()", () => {
  test.each([
    ["", 0],
    ["abc", 3],
    ["é€😀", 9],
    ["\uD800", 3],
    ["\uDC00\uD800", 6],
  ])("counts %j as %d bytes", (text, bytes) => {
    expect(utf8Length(text)).toBe(bytes);
  });

  test("counts what an encoder writes, lone surrogates included", () => {
    const noise = fc.array(fc.nat(0xffff)).map((codes) => String.fromCharCode(...codes));
    fc.assert(
      fc.property(fc.oneof(anyText, noise), (text) => {
        expect(utf8Length(text)).toBe(encoder.encode(text).length);
      }),
    );
  });
});

describe("splitByBytes()", () => {
  test.each([
    ["", 10, []],
    ["short", 10, ["short"]],
    ["exactly ten", 11, ["exactly ten"]],
    ["one two three", 9, ["one two ", "three"]],
    ["one two three", 8, ["one two ", "three"]],
    ["a verylongword", 10, ["a verylong", "word"]],
    ["ééé", 4, ["éé", "é"]],
    [`ab${FAMILY}cd`, 26, ["ab", `${FAMILY}c`, "d"]],
    ["🇩🇪🇫🇷🇵🇱", 20, ["🇩🇪🇫🇷", "🇵🇱"]],
    ["xxe\u0301", 4, ["xx", "e\u0301"]],
    ["xxx \u0301", 4, ["xxx", " \u0301"]],
    ["ab\r\ncd", 4, ["ab\r\n", "cd"]],
    ["abc\r\nd", 4, ["abc", "\r\nd"]],
  ])("cuts %j at %d bytes into %j", (text, limit, pieces) => {
    expect(splitByBytes(text, limit)).toEqual(pieces);
  });

  test("cuts a grapheme that is too large between code points", () => {
    const pieces = splitByBytes(FAMILY, 10);
    expect(pieces.join("")).toBe(FAMILY);
    expect(pieces.every((piece) => utf8Length(piece) <= 10)).toBe(true);
  });

  test("parts no flag when it has to cut what stands before it", () => {
    const prefix = "\u0600".repeat(6);
    expect(splitByBytes(`${prefix}🇩🇪🇫🇷`, 16)).toEqual([prefix, "🇩🇪🇫🇷"]);
  });

  test("keeps every piece within the limit and loses nothing", () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 4, max: 80 }), (text, limit) => {
        const pieces = splitByBytes(text, limit);
        expect(pieces.join("")).toBe(text);
        for (const piece of pieces) {
          expect(piece).not.toBe("");
          expect(utf8Length(piece)).toBeLessThanOrEqual(limit);
        }
      }),
    );
  });

  test("makes no lone surrogate", () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 4, max: 30 }), (text, limit) => {
        // `binary` text is well formed, so a lone surrogate could only be the work of a cut.
        expect(splitByBytes(text, limit).join("|")).not.toMatch(/\p{Surrogate}/u);
      }),
    );
  });

  test("breaks no grapheme that fits into a piece", () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 4, max: 80 }), (text, limit) => {
        const cuts = new Set<number>();
        let end = 0;
        for (const piece of splitByBytes(text, limit)) {
          end += piece.length;
          cuts.add(end);
        }
        let at = 0;
        for (const grapheme of graphemes(text)) {
          const inside = Array.from({ length: grapheme.length - 1 }, (_, i) => at + 1 + i);
          const isBroken = inside.some((place) => cuts.has(place));
          expect({ grapheme, isBroken: isBroken && utf8Length(grapheme) <= limit }).toEqual({
            grapheme,
            isBroken: false,
          });
          at += grapheme.length;
        }
      }),
      { numRuns: 500 },
    );
  });

  test("fills more than half of every piece but the last when graphemes are small", () => {
    const small = fc.array(fc.constantFrom("a", " ", "é", "漢"), { maxLength: 300 });
    fc.assert(
      fc.property(small, fc.integer({ min: 12, max: 80 }), (parts, limit) => {
        for (const piece of splitByBytes(parts.join(""), limit).slice(0, -1)) {
          // Half of the piece's characters, of which an `a` takes 1 byte and a `漢` takes 3.
          expect(utf8Length(piece)).toBeGreaterThan(limit / 4 - 3);
        }
      }),
    );
  });

  test.each(["a", "漢", FAMILY, "\u0301", "🇩🇪", " \u0301"])(
    "looks at each part of a long text of %j a few times only",
    (unit) => {
      // A quadratic cut takes many seconds here, and would run into the test's time limit.
      const text = unit.repeat(1_000_000 / unit.length);
      expect(splitByBytes(text, 400).join("")).toBe(text);
    },
  );

  test("refuses a limit that a code point may not fit into", () => {
    expect(() => splitByBytes("text", 3)).toThrow(RangeError);
  });
});

describe("shorten()", () => {
  test.each([
    ["short", 10, "short"],
    ["exactly 10", 10, "exactly 10"],
    ["more than ten", 10, "more…"],
    ["morethanten", 10, "moretha…"],
    [`ab${FAMILY}`, 20, "ab…"],
  ])("makes %j with %d bytes %j", (text, limit, expected) => {
    expect(shorten(text, limit)).toBe(expected);
  });

  test("never exceeds the limit, and leaves alone what fits", () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 7, max: 80 }), (text, limit) => {
        const short = shorten(text, limit);
        expect(utf8Length(short)).toBeLessThanOrEqual(limit);
        expect(utf8Length(text) <= limit ? short === text : short.endsWith("…")).toBe(true);
      }),
    );
  });

  test("refuses a limit without room for the ellipsis", () => {
    expect(() => shorten("text", 6)).toThrow(RangeError);
  });
});

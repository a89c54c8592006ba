import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeEntities } from "../../../shared/text/entities.ts";

const encode = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

describe("decodeEntities()", () => {
  test.each([
    ["no entity & none", "no entity & none"],
    ["&lt;b&gt; &quot;x&quot; &apos;y&apos;", "<b> \"x\" 'y'"],
    ["&amp;lt;", "&lt;"],
    ["&amp;amp;lt;", "&amp;lt;"],
    ["&#38;lt;", "&lt;"],
    ["&#039;&#x27;&#X41;", "''A"],
    ["&#0000000000000000000065;", "A"],
    ["caf&eacute; na&iuml;ve &Ccedil;a &Scaron;", "café na\u00EFve Ça Š"],
    ["&ntilde;&aring;&szlig;&oelig;", "ñåßœ"],
    ["wait&hellip; &ldquo;so&rdquo; &ndash; 5&nbsp;&euro;", "wait… “so” – 5\u00A0€"],
    ["&#150;&#x92;", "–’"],
    ["&#128512;", "😀"],
    ["&#0;&#xD800;&#1114112;&#7;&#129;&#99999999999999999999;", "\uFFFD".repeat(6)],
    ["a&#10;b", "a\nb"],
    ["&unknown; &bacute; &acute &amp &; &#; &#x; &constructor;", undefined],
    ["https://example.org/?a=1&lt=2", undefined],
  ])("decodes %j to %j", (text, expected) => {
    expect(decodeEntities(text)).toBe(expected ?? text);
  });

  test("decodes once what was encoded once, whatever it says", () => {
    const markup = fc.array(fc.constantFrom("&", "<", ">", "amp;", "lt;", "#38;", "x", "é"));
    fc.assert(
      fc.property(markup, (parts) => {
        const text = parts.join("");
        expect(decodeEntities(encode(text))).toBe(text);
        expect(decodeEntities(encode(encode(text)))).toBe(encode(text));
      }),
    );
  });

  test("makes no control character and no lone surrogate of a number", () => {
    fc.assert(
      fc.property(fc.nat(0x120000), (code) => {
        expect(decodeEntities(`&#${code};`)).not.toMatch(/(?![\t\n\r])\p{Cc}|\p{Surrogate}/u);
        expect(decodeEntities(`&#x${code.toString(16)};`)).toBe(decodeEntities(`&#${code};`));
      }),
    );
  });

  test("leaves text around an entity as it is, whatever it holds", () => {
    const plain = fc
      .string({ unit: "binary", maxLength: 30 })
      .map((text) => text.replaceAll("&", ""));
    fc.assert(
      fc.property(plain, plain, (before, after) => {
        expect(decodeEntities(`${before}&amp;${after}`)).toBe(`${before}&${after}`);
      }),
    );
  });
});

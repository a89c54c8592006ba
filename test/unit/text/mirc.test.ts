import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { stripFormatting } from "../../../shared/text/mirc.ts";

describe("stripFormatting()", () => {
  test.each([
    ["plain 12,34", "plain 12,34"],
    ["\x02b\x1Di\x1Fu\x1Es\x11m\x16r\x0F.", "biusmr."],
    ["\x0304red\x03 plain", "red plain"],
    ["\x034red", "red"],
    ["\x0304,08red on yellow", "red on yellow"],
    ["\x0304,text", ",text"],
    ["\x03,5", ",5"],
    ["\x03123", "3"],
    ["\x031,234", "4"],
    ["\x0304,123", "3"],
    ["\x03\x0304x", "x"],
    ["\x04FF0000red", "red"],
    ["\x04ff0000,00FF00x", "x"],
    ["\x04FF00x", "FF00x"],
    ["\x04FF0000,1", ",1"],
  ])("makes of %j %j", (text, expected) => {
    expect(stripFormatting(text)).toBe(expected);
  });

  test("leaves no code behind and touches no text without one", () => {
    const text = fc.array(
      fc.oneof(
        fc.nat(0x7f).map((code) => String.fromCharCode(code)),
        fc.constantFrom("\x03", "\x04", "1", ",", "漢"),
      ),
    );
    const codes = ["\x02", "\x03", "\x04", "\x0F", "\x11", "\x16", "\x1D", "\x1E", "\x1F"];
    fc.assert(
      fc.property(text, (parts) => {
        const stripped = stripFormatting(parts.join(""));
        for (const code of codes) expect(stripped).not.toContain(code);
        expect(stripFormatting(stripped)).toBe(stripped);
      }),
    );
  });
});

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeIrc } from "../../../shared/irc/wire/decode.ts";

const encoder = new TextEncoder();

describe("decodeIrc()", () => {
  test.each([
    [[0x63, 0x61, 0x66, 0xe9], "café"],
    [[0x63, 0x61, 0x66, 0xc3, 0xa9], "café"],
    [[0x80, 0x20, 0x93, 0x94], "€ “”"],
    [[0xef, 0xbb, 0xbf, 0x61], "\uFEFFa"],
    [[0xed, 0xa0, 0x80], "í\u00A0€"],
    [[0xc0, 0x80], "À€"],
    [[], ""],
  ])("reads %j as %j", (bytes, text) => {
    expect(decodeIrc(Uint8Array.from(bytes))).toBe(text);
  });

  test("reads back all that is UTF-8, also after bytes that were not", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.uint8Array(), (text, bytes) => {
        expect(decodeIrc(bytes).length).toBeLessThanOrEqual(bytes.length);
        expect(decodeIrc(encoder.encode(text))).toBe(text);
      }),
    );
  });
});

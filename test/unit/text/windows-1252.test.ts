import { expect, test } from "vitest";
import { decodeWindows1252 } from "../../../shared/text/windows-1252.ts";

const everyByte = Uint8Array.from({ length: 256 }, (_, byte) => byte);

test("decodeWindows1252() gives every byte its character", () => {
  const text = decodeWindows1252(everyByte);
  expect(text.slice(0x80, 0xa0)).toBe(
    "\u20AC\x81\u201A\u0192\u201E\u2026\u2020\u2021\u02C6\u2030\u0160\u2039\u0152\x8D\u017D\x8F" +
      "\x90\u2018\u2019\u201C\u201D\u2022\u2013\u2014\u02DC\u2122\u0161\u203A\u0153\x9D\u017E\u0178",
  );
});

test("decodeWindows1252() is Latin-1 but for 0x80 to 0x9F", () => {
  const latin1 = Array.from(everyByte, (byte) => String.fromCharCode(byte)).join("");
  const text = decodeWindows1252(everyByte);
  expect(text.slice(0, 0x80)).toBe(latin1.slice(0, 0x80));
  expect(text.slice(0xa0)).toBe(latin1.slice(0xa0));
});

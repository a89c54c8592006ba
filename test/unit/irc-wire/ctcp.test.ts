import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { actionOverheadBytes, formatAction, readCtcp } from "../../../shared/irc/wire/ctcp.ts";
import { utf8Length } from "../../../shared/text/split.ts";

describe("readCtcp()", () => {
  test.each([
    ["plain text", undefined],
    ["in the \x01middle\x01", undefined],
    ["\x01ACTION waves\x01", { command: "ACTION", text: "waves" }],
    ["\x01ACTION waves", { command: "ACTION", text: "waves" }],
    ["\x01action  waves \x01", { command: "ACTION", text: " waves " }],
    ["\x01ACTION\x01", { command: "ACTION", text: "" }],
    ["\x01VERSION\x01", { command: "VERSION", text: "" }],
    ["\x01PING 1 2\x01 and more", { command: "PING", text: "1 2" }],
    ["\x01\x01", { command: "", text: "" }],
    ["\x01", { command: "", text: "" }],
  ])("reads %j", (text, expected) => {
    expect(readCtcp(text)).toEqual(expected);
  });

  test("reads back what formatAction() wrote, without marks", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom("\x01", "a", " ", "é")), (parts) => {
        const text = parts.join("");
        expect(readCtcp(formatAction(text))).toEqual({
          command: "ACTION",
          text: text.replaceAll("\x01", ""),
        });
      }),
    );
  });
});

test("actionOverheadBytes is what formatAction() adds", () => {
  expect(utf8Length(formatAction("waves"))).toBe(utf8Length("waves") + actionOverheadBytes);
});

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readCtcp } from "../../../shared/irc/wire/ctcp.ts";

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

  test("reads any text in marks up to the next mark", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const [said = ""] = text.split("\x01");
        expect(readCtcp(`\x01ACTION ${text}\x01`)).toEqual({ command: "ACTION", text: said });
      }),
    );
  });
});

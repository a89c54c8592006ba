import { expect, test } from "vitest";
import { errnoOf } from "../../shared/errno.ts";
import { errorMessage } from "../../shared/error-message.ts";

test.each([
  ["an error by its message", new Error("the disk is full"), "the disk is full"],
  ["an error without a message by its name", new TypeError(""), "TypeError"],
  ["every address that refused", new AggregateError([new Error("v4"), "v6"]), "v4; v6"],
  ["a joined error with words of its own by these", new AggregateError([1], "all"), "all"],
  ["what is no error as text", "no error at all", "no error at all"],
  ["even nothing", undefined, "undefined"],
])("errorMessage() names %s", (_, error, message) => {
  expect(errorMessage(error)).toBe(message);
});

test("errnoOf() gives the system's name and nothing else", () => {
  expect(errnoOf(Object.assign(new Error("x"), { code: "ENOENT" }))).toBe("ENOENT");
  expect(errnoOf(Object.assign(new Error("x"), { code: 4 }))).toBeUndefined();
  expect(errnoOf(new Error("ENOENT"))).toBeUndefined();
  expect(errnoOf({ code: "ENOENT" })).toBeUndefined();
});

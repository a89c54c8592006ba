import * as fc from "fast-check";
import { expect, test } from "vitest";
import { parseLine } from "../../../shared/irc/wire/line.ts";
import { followSelf, type Self, sourceOf } from "../../../shared/irc/wire/self.ts";

const unknown: Self = { nick: "relay", user: undefined, host: undefined, account: undefined };

function follow(self: Self, ...texts: readonly string[]): Self {
  return texts
    .flatMap((text) => parseLine(text) ?? [])
    .reduce((known, line) => followSelf(known, line, "rfc1459"), self);
}

test.each([
  [":relay!~r@h.example JOIN #a", { nick: "relay", user: "~r", host: "h.example" }],
  [":RELAY!~r@h.example JOIN #a", { nick: "RELAY", user: "~r", host: "h.example" }],
  [":relay!~r@h.example NICK :relay_", { nick: "relay_", user: "~r", host: "h.example" }],
  [":relay NICK guest1", { nick: "guest1", user: undefined, host: undefined }],
  [":relay!~r@h CHGHOST new cloak.example", { nick: "relay", user: "new", host: "cloak.example" }],
  [
    ":irc.test 396 relay cloak :is now your host",
    { nick: "relay", user: undefined, host: "cloak" },
  ],
  [":irc.test 396 relay u@cloak :is now", { nick: "relay", user: "u", host: "cloak" }],
  [
    ":irc.test 900 relay relay!~r@h.example saxjax :You are now logged in as saxjax",
    { nick: "relay", account: "saxjax" },
  ],
  [":irc.test 900 * * saxjax :You are now logged in", { nick: "relay", account: "saxjax" }],
] as const)("followSelf() learns from %j", (text, self) => {
  expect(follow(unknown, text)).toEqual(self);
});

test.each([
  ":other!~r@h.example JOIN #a",
  ":other!~r@h.example NICK :relay_",
  ":other!~r@h CHGHOST new cloak.example",
  ":irc.test 396 other cloak :is now your host",
  ":relay!~r@h PRIVMSG #a :NICK evil",
  ":relay!~r@h NICK",
  ":relay!~r@h CHGHOST",
  "NICK evil",
  "JOIN",
  "396",
  ":irc.test 900 relay :too few",
  "900",
  "901",
])("followSelf() learns nothing from %j", (text) => {
  expect(follow(unknown, text)).toBe(unknown);
});

test("followSelf() forgets the account when the server has logged us out", () => {
  const known = { ...unknown, account: "saxjax" };
  expect(follow(known, ":irc.test 901 relay relay!~r@h :You are now logged out")).toEqual(unknown);
});

test("followSelf() keeps the account while anything else changes", () => {
  const lines = [":relay!~r@h JOIN #a", ":relay!~r@h CHGHOST u h", ":relay!u@h NICK other"];
  expect(follow({ ...unknown, account: "saxjax" }, ...lines)).toMatchObject({
    nick: "other",
    account: "saxjax",
  });
});

test("followSelf() knows its nick in any case that the server takes for the same", () => {
  expect(follow({ ...unknown, nick: "re[lay]" }, ":RE{LAY}!u@h NICK new").nick).toBe("new");
});

test("sourceOf() is what others see once the server has told", () => {
  expect(sourceOf({ ...unknown, user: "~r", host: "h.example" }, "relay")).toBe(
    "relay!~r@h.example",
  );
});

test("sourceOf() is never shorter than what the server may turn out to show", () => {
  const name = fc.stringMatching(/^[a-z]{1,10}$/);
  const host = fc.stringMatching(/^[a-z.]{1,63}$/);
  fc.assert(
    fc.property(name, name, host, (nick, user, shown) => {
      const before = { ...unknown, nick };
      const after = follow(before, `:${nick}!~${user}@${shown} JOIN #a`);
      expect(sourceOf(after, user).length).toBeLessThanOrEqual(sourceOf(before, user).length);
    }),
  );
});

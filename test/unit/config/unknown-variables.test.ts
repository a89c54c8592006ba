import { expect, test } from "vitest";
import { irc } from "../../../bridges/irc-relay/config.ts";
import { webridge } from "../../../bridges/webridge/config.ts";
import { settings } from "../../../shared/config/section.ts";
import { general, xmpp } from "../../../shared/config/sections.ts";
import { unknownVariables } from "../../../shared/config/unknown-variables.ts";

const sections = [xmpp, webridge, irc, general];
const unknown = (...variables: readonly string[]) =>
  unknownVariables(sections, Object.fromEntries(variables.map((name) => [name, "x"])));

test("unknownVariables() says which variable was meant", () => {
  expect(unknown("IRC_SERVER", "XMPP_DOMIAN", "WEBRIDGE_ROOMS")).toEqual([
    { variable: "IRC_SERVER", meant: "IRC_SERVERS" },
    { variable: "XMPP_DOMIAN", meant: "XMPP_DOMAIN" },
    { variable: "WEBRIDGE_ROOMS", meant: "WEBRIDGE_ROOM" },
  ]);
});

test("unknownVariables() finds a typing error in the prefix and in a name without one", () => {
  expect(unknown("WEBRDIGE_ROOM", "LOG_LEVL")).toEqual([
    { variable: "WEBRDIGE_ROOM", meant: "WEBRIDGE_ROOM" },
    { variable: "LOG_LEVL", meant: "LOG_LEVEL" },
  ]);
});

test("unknownVariables() names what has our prefix even when nothing is close", () => {
  expect(unknown("IRC_COLOUR_OF_THE_DAY")).toEqual([{ variable: "IRC_COLOUR_OF_THE_DAY" }]);
});

test("unknownVariables() is silent about variables that are ours and about a normal environment", () => {
  const ours = sections.flatMap((section) => settings(section)).map(({ variable }) => variable);
  const normal = ["PATH", "HOME", "LANG", "CACHE_DIRECTORY", "LOGS_DIRECTORY"];
  expect(unknown(...ours, "IRC_SASL_PASSWORD_FILE", ...normal)).toEqual([]);
});

test("unknownVariables() knows _FILE for secrets only", () => {
  expect(unknown("IRC_NICK_FILE")).toEqual([{ variable: "IRC_NICK_FILE" }]);
});

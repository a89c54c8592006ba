import * as fc from "fast-check";
import { expect, test } from "vitest";
import { readRefusal, refusalInWords } from "../../../shared/irc/wire/refusal.ts";

test.each([
  // As servers write them: InspIRCd, UnrealIRCd, ngIRCd, ircd-ratbox, Solanum, ircu.
  ["Your host is trying to (re)connect too fast -- throttled.", "throttled"],
  [
    "Closing Link: [192.0.2.1] (Throttled: Reconnecting too fast) -Email admin@example.org",
    "throttled",
  ],
  ["Trying to reconnect too fast.", "throttled"],
  ["Closing Link: relay[192.0.2.1] (K-Lined: spam)", "banned"],
  ["Closing Link: 192.0.2.1 (Temporary K-line 60 min. - flooding)", "banned"],
  ["Closing Link: relay[192.0.2.1] (User has been banned from Example (proxy))", "banned"],
  ["Closing link: (relay@192.0.2.1) [G-Lined: go away]", "banned"],
  ["Closing Link: relay by irc.example.org (Z:Lined (abuse))", "banned"],
  ["You are banned from this server- D-lined", "banned"],
  ["Closing Link: relay (AKILL ID:42)", "banned"],
  ["Closing Link: [192.0.2.1] (Unauthorised connection)", "banned"],
  ["Closing Link: relay (You are not authorized to connect to this server)", "banned"],
  ["Closing Link: relay (Sorry, server is full - try later)", "full"],
  ["Closing Link: 192.0.2.1 (Too many host connections (local))", "full"],
  ["No more connections allowed from your host via this connect class (local)", "full"],
  ["Closing Link: relay[192.0.2.1] (No more connections allowed in your connection class)", "full"],
  ["Closing Link: relay (SASL access only)", "login"],
  ["Closing Link: relay (Password mismatch)", "login"],
  ["Closing link: (unknown@192.0.2.1) [Registration timeout]", "timeout"],
  ["Closing Link: relay[192.0.2.1] (Excess Flood)", "closed"],
  ["Closing link: (relay@192.0.2.1) [Killed (oper (please stop))]", "closed"],
  ["", "closed"],
] as const)("refusalInWords() takes %j for %s", (words, cause) => {
  expect(refusalInWords(words)).toBe(cause);
});

test.each([
  ["465", ["relay", "You are banned from this server"], "banned"],
  ["463", ["*", "Your host isn't among the privileged"], "banned"],
  ["464", ["relay", "Password incorrect"], "credentials"],
  ["904", ["relay", "SASL authentication failed"], "credentials"],
  ["905", ["relay", "SASL message too long"], "login"],
  ["908", ["relay", "EXTERNAL", "are available SASL mechanisms"], "login"],
  ["ERROR", ["Closing Link: (K-Lined)"], "banned"],
] as const)("readRefusal() reads %s", (command, params, refusal) => {
  expect(readRefusal({ command, params })).toMatchObject({ refusal, message: params.at(-1) });
});

test("readRefusal() says nothing of lines that refuse nothing", () => {
  expect(
    readRefusal({ command: "433", params: ["*", "relay", "Nickname is in use"] }),
  ).toBeUndefined();
  expect(readRefusal({ command: "NOTICE", params: ["*", "*** banned?"] })).toBeUndefined();
});

test("readRefusal() never throws, and a refusal always has words", () => {
  const command = fc.oneof(
    fc.string(),
    fc.constantFrom("ERROR", "463", "464", "465", "904", "908"),
  );
  fc.assert(
    fc.property(command, fc.array(fc.string()), (name, params) => {
      const refusal = readRefusal({ command: name, params });
      expect(refusal === undefined || refusal.message !== "").toBe(true);
    }),
  );
});

import * as fc from "fast-check";
import { expect, test } from "vitest";
import { readSelfPing } from "../../../shared/xmpp/wire/self-ping.ts";
import { stanza } from "../../support/stanza.ts";
import { anyStanza } from "./any-stanza.ts";

const refused = (condition: string) =>
  stanza(
    `<iq from='chat@conference.localhost/relay' id='p1' type='error'><ping xmlns='urn:xmpp:ping'/><error type='cancel' by='chat@conference.localhost'><${condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>words</text></error></iq>`,
  );

test("readSelfPing() takes a result for inside and silence for undecided", () => {
  expect(readSelfPing(stanza("<iq type='result' id='p1' from='chat@c.localhost/r'/>"))).toBe(
    "inside",
  );
  expect(readSelfPing(undefined)).toBe("undecided");
});

test.each([
  ["service-unavailable", "inside"],
  ["feature-not-implemented", "inside"],
  ["item-not-found", "inside"],
  ["not-acceptable", "outside"],
  ["not-allowed", "outside"],
  ["bad-request", "outside"],
  ["forbidden", "outside"],
  ["remote-server-not-found", "undecided"],
  ["remote-server-timeout", "undecided"],
])("readSelfPing() reads %s as %s", (condition, verdict) => {
  expect(readSelfPing(refused(condition))).toBe(verdict);
});

test("readSelfPing() never throws and always has a verdict", () => {
  fc.assert(
    fc.property(anyStanza, (any) => {
      expect(["inside", "outside", "undecided"]).toContain(readSelfPing(any));
    }),
  );
});

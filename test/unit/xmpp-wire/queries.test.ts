import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { answerQuery } from "../../../shared/xmpp/wire/queries.ts";
import { serialise } from "../../../shared/xmpp/wire/serialise.ts";
import type { Element } from "../../../shared/xmpp/wire/xml.ts";
import { stanza } from "../../support/stanza.ts";
import { anyStanza } from "./any-stanza.ts";

const introduction = {
  name: "saxbridge",
  version: "1.2.3",
  identity: { category: "client", type: "bot" },
  features: ["http://jabber.org/protocol/muc"],
};
const answer = (iq: Element) => {
  const node = answerQuery(iq, introduction);
  return node && serialise(node);
};
const ask = (query: string, type = "get") =>
  answer(stanza(`<iq type='${type}' id='q1' from='romeo@localhost/pda'>${query}</iq>`));
const refusal = (condition: string) =>
  `<iq type="error" to="romeo@localhost/pda" id="q1"><error type="cancel"><${condition} xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>`;

describe("answerQuery()", () => {
  test("answers a ping", () => {
    expect(ask("<ping xmlns='urn:xmpp:ping'/>")).toBe(
      '<iq type="result" to="romeo@localhost/pda" id="q1"/>',
    );
  });

  test("says who we are and what we understand", () => {
    expect(ask("<query xmlns='http://jabber.org/protocol/disco#info'/>")).toBe(
      '<iq type="result" to="romeo@localhost/pda" id="q1"><query xmlns="http://jabber.org/protocol/disco#info"><identity category="client" type="bot" name="saxbridge"/><feature var="http://jabber.org/protocol/disco#info"/><feature var="urn:xmpp:ping"/><feature var="jabber:iq:version"/><feature var="http://jabber.org/protocol/muc"/></query></iq>',
    );
  });

  test("says its version and nothing about the machine", () => {
    expect(ask("<query xmlns='jabber:iq:version'/>")).toBe(
      '<iq type="result" to="romeo@localhost/pda" id="q1"><query xmlns="jabber:iq:version"><name>saxbridge</name><version>1.2.3</version></query></iq>',
    );
  });

  test("answers our own server, which names no sender", () => {
    const ping = stanza("<iq type='get' id='s1'><ping xmlns='urn:xmpp:ping'/></iq>");
    expect(answer(ping)).toBe('<iq type="result" id="s1"/>');
  });

  test("knows none of our parts", () => {
    expect(ask("<query xmlns='http://jabber.org/protocol/disco#info' node='x'/>")).toBe(
      refusal("item-not-found"),
    );
  });

  test.each([
    ["<query xmlns='jabber:iq:last'/>", "get"],
    ["<query xmlns='jabber:iq:roster'/>", "set"],
    ["<ping xmlns='urn:xmpp:ping'/>", "set"],
    ["<ping xmlns='other'/>", "get"],
    ["", "get"],
  ])("refuses %s as %s", (query, type) => {
    expect(ask(query, type)).toBe(refusal("service-unavailable"));
  });

  test.each(["result", "error", "", "other"])("never answers an IQ of type %j", (type) => {
    expect(ask("<ping xmlns='urn:xmpp:ping'/>", type)).toBeUndefined();
  });

  test("never throws, and no answer asks anything", () => {
    fc.assert(
      fc.property(anyStanza, (any) => {
        const type = answerQuery(any, introduction)?.attrs.type;
        expect([undefined, "result", "error"]).toContain(type);
      }),
    );
  });
});

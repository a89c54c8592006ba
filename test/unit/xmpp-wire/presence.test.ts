import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readPresence } from "../../../shared/xmpp/wire/presence.ts";
import { stanza } from "../../support/stanza.ts";
import { anyStanza } from "./any-stanza.ts";

const USER = "xmlns='http://jabber.org/protocol/muc#user'";
const STANZAS = "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'";
const read = (xml: string) => readPresence(stanza(xml));
const leaving = (x: string) =>
  `<presence from='chat@conference.localhost/relay' type='unavailable'><x ${USER}>${x}</x></presence>`;

describe("readPresence() of who is here", () => {
  test("reads our own entrance into a room that Prosody made for us", () => {
    const presence = read(
      `<presence xml:lang='en' from='chat@conference.localhost/romeo' to='romeo@localhost/pda'><occupant-id id='TAStvPu/0y6+oaadpU1xtMW6k28DsY41pEztQcmeAVo=' xmlns='urn:xmpp:occupant-id:0'/><x ${USER}><status code='201'/><item role='moderator' affiliation='owner' jid='romeo@localhost/pda'/><status code='110'/></x></presence>`,
    );
    expect(presence).toEqual({
      kind: "here",
      nick: "romeo",
      self: true,
      created: true,
      renamed: false,
      statuses: [201, 110],
    });
  });

  test("reads another occupant as ejabberd shows it", () => {
    const presence = read(
      `<presence xml:lang='en' to='relay@localhost/bridge' from='chat@conference.localhost/Ron W/2'><x ${USER}><item role='participant' affiliation='none'/></x></presence>`,
    );
    expect(presence).toMatchObject({
      kind: "here",
      nick: "Ron W/2",
      self: false,
    });
  });

  test("reads that the room gave us another nick", () => {
    const presence = read(
      `<presence from='chat@conference.localhost/r2'><x ${USER}><status code='100'/><status code='110'/><status code='210'/></x></presence>`,
    );
    expect(presence).toMatchObject({ renamed: true, self: true });
  });

  test("takes nothing from an x element of another kind", () => {
    const presence = read(
      `<presence from='chat@conference.localhost/evil'><x xmlns='foo'><status code='110'/></x></presence>`,
    );
    expect(presence).toMatchObject({ kind: "here", self: false, statuses: [] });
  });
});

describe("readPresence() of who is gone", () => {
  test.each([
    ["left", ""],
    ["left", "<status code='110'/>"],
    ["left", "<status code='999'/>"],
    ["banned", "<status code='301'/>"],
    ["nick-changed", "<status code='303'/><status code='110'/>"],
    ["kicked", "<status code='110'/><status code='307'/>"],
    ["not-a-member", "<status code='321'/>"],
    ["members-only", "<status code='110'/><status code='322'/>"],
    ["shutdown", "<status code='332'/>"],
    ["error", "<status code='333'/>"],
    ["error", "<status code='307'/><status code='333'/>"],
    ["destroyed", "<destroy/><status code='332'/>"],
  ])("reads %s from %s", (why, x) => {
    expect(read(leaving(x))).toMatchObject({ kind: "gone", nick: "relay", why });
  });

  test("reads who did it and why, as ejabberd says it", () => {
    const presence = read(
      `<presence to='relay@localhost/bridge' from='chat@conference.localhost/relay' type='unavailable'><x ${USER}><item jid='relay@localhost/bridge' role='none' affiliation='outcast'><reason>spam</reason><actor nick='romeo'/></item><status code='110'/><status code='301'/></x></presence>`,
    );
    expect(presence).toEqual({
      kind: "gone",
      nick: "relay",
      self: true,
      why: "banned",
      newNick: undefined,
      by: "romeo",
      text: "spam",
      alternate: undefined,
      statuses: [110, 301],
    });
  });

  test("reads the new nick", () => {
    const presence = read(
      leaving("<status code='303'/><item role='participant' nick='relay2' affiliation='none'/>"),
    );
    expect(presence).toMatchObject({ why: "nick-changed", newNick: "relay2", self: false });
  });

  test("reads where a destroyed room moved to", () => {
    const presence = read(
      leaving(
        "<destroy jid='new@conference.localhost'><reason>We moved</reason></destroy><item role='none' affiliation='none'/>",
      ),
    );
    expect(presence).toMatchObject({
      why: "destroyed",
      alternate: "new@conference.localhost",
      text: "We moved",
    });
  });

  test("reads what somebody says on leaving", () => {
    const presence = read(
      `<presence type='unavailable' from='chat@conference.localhost/julia'><status>gone home</status><x ${USER}><item affiliation='none' role='none'/></x></presence>`,
    );
    expect(presence).toMatchObject({ why: "left", text: "gone home" });
  });
});

describe("readPresence() of a refusal", () => {
  test("reads a conflict as Prosody says it", () => {
    const presence = read(
      `<presence from='chat@conference.localhost/relay' type='error' to='juliet@localhost/phone'><error type='cancel' by='chat@conference.localhost'><conflict ${STANZAS}/></error></presence>`,
    );
    expect(presence).toEqual({
      kind: "refused",
      nick: "relay",
      condition: "conflict",
      errorType: "cancel",
      text: undefined,
      alternate: undefined,
    });
  });

  test("reads a refusal as ejabberd says it, with what we sent and a text", () => {
    const presence = read(
      `<presence xml:lang='en' from='chat@conference.localhost/relay' type='error'><x xmlns='http://jabber.org/protocol/muc'><history maxstanzas='20'/></x><error type='auth'><registration-required ${STANZAS}/><text xml:lang='en' ${STANZAS}>Membership is required to enter this room</text></error></presence>`,
    );
    expect(presence).toMatchObject({
      condition: "registration-required",
      errorType: "auth",
      text: "Membership is required to enter this room",
    });
  });

  test("reads where Prosody sends us from a room that is gone", () => {
    const presence = read(
      `<presence from='chat@conference.localhost/relay' type='error'><error type='cancel' by='conference.localhost'><gone ${STANZAS}>xmpp:new@conference.localhost?join</gone><text ${STANZAS}>We moved</text></error></presence>`,
    );
    expect(presence).toMatchObject({ condition: "gone", alternate: "new@conference.localhost" });
  });

  test("reads one that comes from the room alone, and one that gives no reason", () => {
    expect(read("<presence from='chat@conference.localhost' type='error'/>")).toEqual({
      kind: "refused",
      nick: undefined,
      condition: "undefined-condition",
      errorType: "cancel",
      text: undefined,
      alternate: undefined,
    });
  });
});

describe("readPresence() of what says nothing about membership", () => {
  test.each([
    "<presence to='relay@localhost/bridge' from='chat@conference.localhost' id='1'><c ver='x' xmlns='http://jabber.org/protocol/caps'/></presence>",
    "<presence to='relay@localhost/bridge' from='chat@conference.localhost' type='unavailable' id='1'/>",
    "<presence from='chat@conference.localhost/romeo' type='subscribe'/>",
    "<presence/>",
    "<message from='chat@conference.localhost/romeo'/>",
  ])("leaves out %s", (xml) => {
    expect(read(xml)).toBeUndefined();
  });

  test("never throws, and nobody it reads is without a nick", () => {
    fc.assert(
      fc.property(anyStanza, (any) => {
        expect(readPresence(any)?.nick).not.toBe("");
      }),
    );
  });
});

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  archiveQuery,
  readArchiveEnd,
  readArchiveResult,
} from "../../../shared/xmpp/wire/archive.ts";
import { readRoomMessage } from "../../../shared/xmpp/wire/message.ts";
import { serialise } from "../../../shared/xmpp/wire/serialise.ts";
import { stanza } from "../../support/stanza.ts";
import { anyStanza } from "./any-stanza.ts";

const room = "chat@conference.localhost";
const PROSODY =
  "<result xmlns='urn:xmpp:mam:2' queryid='f1' id='KdOV'><forwarded xmlns='urn:xmpp:forward:0'><delay stamp='2026-11-20T10:03:04Z' xmlns='urn:xmpp:delay'/><message xml:lang='en' type='groupchat' id='m4' xmlns='jabber:client' from='chat@conference.localhost/romeo'><body>/me two</body><origin-id id='orig2' xmlns='urn:xmpp:sid:0'/></message></forwarded></result>";
const EJABBERD =
  "<result id='1795169012265808' queryid='f1' xmlns='urn:xmpp:mam:2'><forwarded xmlns='urn:xmpp:forward:0'><message xml:lang='en' from='chat@conference.localhost/romeo' type='groupchat' id='m3' xmlns='jabber:client'><archived by='chat@conference.localhost' id='1795169012265808' xmlns='urn:xmpp:mam:tmp'/><body>one</body></message><delay from='conference.localhost' stamp='2026-11-20T10:03:32.265808Z' xmlns='urn:xmpp:delay'/></forwarded></result>";
const read = (from: string, inside: string) =>
  readArchiveResult(stanza(`<message from='${from}' to='relay@localhost/b'>${inside}</message>`));

describe("readArchiveResult()", () => {
  test.each([
    [PROSODY, "KdOV", Date.UTC(2026, 10, 20, 10, 3, 4), "two"],
    [EJABBERD, "1795169012265808", Date.UTC(2026, 10, 20, 10, 3, 32, 265), "one"],
  ])("reads %s", (result, id, stamp, body) => {
    const entry = read(room, result);
    expect(entry).toMatchObject({ queryId: "f1", id, stamp });
    expect(entry && readRoomMessage(entry.message)).toMatchObject({ kind: "speech", body });
  });

  test("believes no occupant who says such a thing in the room", () => {
    expect(read(`${room}/romeo`, PROSODY)).toBeUndefined();
  });

  test.each([
    "<body>x</body>",
    "<result xmlns='urn:xmpp:mam:2' id='x'/>",
    "<result xmlns='urn:xmpp:mam:2' id='x'><forwarded xmlns='urn:xmpp:forward:0'/></result>",
  ])("leaves out %s", (inside) => {
    expect(read(room, inside)).toBeUndefined();
  });

  test("never throws, nor does readArchiveEnd(), and neither gives an empty name", () => {
    fc.assert(
      fc.property(anyStanza, (any) => {
        expect([readArchiveResult(any)?.id, readArchiveEnd(any)?.last]).not.toContain("");
      }),
    );
  });
});

const end = (fin: string) => readArchiveEnd(stanza(`<iq type='result' id='q1'>${fin}</iq>`));
const set = "<set xmlns='http://jabber.org/protocol/rsm'>";

describe("readArchiveEnd()", () => {
  test.each([
    [
      `<fin xmlns='urn:xmpp:mam:2'>${set}<first>ow_f</first><last>KdOV</last><count>11</count></set></fin>`,
      { complete: false, last: "KdOV" },
    ],
    [
      `<fin complete='false' xmlns='urn:xmpp:mam:2'>${set}<last>1795</last></set></fin>`,
      { complete: false, last: "1795" },
    ],
    [
      `<fin complete='true' xmlns='urn:xmpp:mam:2'>${set}<count>0</count></set></fin>`,
      { complete: true, last: undefined },
    ],
    ["<fin complete='1' xmlns='urn:xmpp:mam:2'/>", { complete: true, last: undefined }],
    ["", undefined],
  ])("reads %s", (fin, expected) => {
    expect(end(fin)).toEqual(expected);
  });

  test("reads nothing from a refusal", () => {
    const refusal = stanza(
      "<iq type='error' id='q2'><error type='modify'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
    );
    expect(readArchiveEnd(refusal)).toBeUndefined();
  });
});

describe("archiveQuery()", () => {
  test("asks for what comes after the cursor", () => {
    expect(serialise(archiveQuery({ room, queryId: "f1", max: 50, after: "KdOV" }))).toBe(
      '<iq type="set" to="chat@conference.localhost" id="f1"><query xmlns="urn:xmpp:mam:2" queryid="f1"><set xmlns="http://jabber.org/protocol/rsm"><max>50</max><after>KdOV</after></set></query></iq>',
    );
  });

  test("asks for what came since a time", () => {
    expect(
      serialise(archiveQuery({ room, queryId: "f1", max: 50, start: "2026-11-20T10:03:04Z" })),
    ).toBe(
      '<iq type="set" to="chat@conference.localhost" id="f1"><query xmlns="urn:xmpp:mam:2" queryid="f1"><x xmlns="jabber:x:data" type="submit"><field var="FORM_TYPE" type="hidden"><value>urn:xmpp:mam:2</value></field><field var="start"><value>2026-11-20T10:03:04Z</value></field></x><set xmlns="http://jabber.org/protocol/rsm"><max>50</max></set></query></iq>',
    );
  });
});

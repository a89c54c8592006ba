import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readRoomMessage } from "../../../shared/xmpp/wire/message.ts";
import {
  groupchat,
  instantRoom,
  joinPresence,
  leavePresence,
  nickPresence,
  selfPing,
} from "../../../shared/xmpp/wire/say.ts";
import { serialise } from "../../../shared/xmpp/wire/serialise.ts";
import { stanza } from "../../support/stanza.ts";

const room = "chat@conference.localhost";
const words = fc.string({ unit: "grapheme-ascii", minLength: 1 });

describe("groupchat()", () => {
  test("says it under one id", () => {
    expect(serialise(groupchat({ room, id: "a1", body: "1 < 2", originId: false }))).toBe(
      '<message type="groupchat" to="chat@conference.localhost" id="a1"><body>1 &lt; 2</body></message>',
    );
  });

  test("says the id twice for a room that may rename it", () => {
    expect(serialise(groupchat({ room, id: "a1", body: "1", originId: true }))).toBe(
      '<message type="groupchat" to="chat@conference.localhost" id="a1"><body>1</body><origin-id xmlns="urn:xmpp:sid:0" id="a1"/></message>',
    );
  });

  test("is read back as it was said once the room has put our nick to it", () => {
    fc.assert(
      fc.property(words, words, (id, body) => {
        const sent = groupchat({ room, id, body, originId: true });
        const reflected = { ...sent, attrs: { ...sent.attrs, from: `${room}/relay` } };
        expect(readRoomMessage(stanza(serialise(reflected)))).toMatchObject({
          kind: "speech",
          id,
          originId: id,
          body: body.replace(/^\/me (?=.)/, ""),
        });
      }),
    );
  });
});

test.each([
  [
    joinPresence({ room, nick: "relay", history: { maxstanzas: 0 } }),
    '<presence to="chat@conference.localhost/relay"><x xmlns="http://jabber.org/protocol/muc"><history maxstanzas="0" maxchars="0"/></x></presence>',
  ],
  [
    joinPresence({ room, nick: "relay", history: { maxstanzas: 20 } }),
    '<presence to="chat@conference.localhost/relay"><x xmlns="http://jabber.org/protocol/muc"><history maxstanzas="20"/></x></presence>',
  ],
  [
    joinPresence({ room, nick: "relay", history: { since: "2026-11-20T10:03:04Z" } }),
    '<presence to="chat@conference.localhost/relay"><x xmlns="http://jabber.org/protocol/muc"><history since="2026-11-20T10:03:04Z"/></x></presence>',
  ],
  [
    leavePresence({ room, nick: "relay" }),
    '<presence type="unavailable" to="chat@conference.localhost/relay"/>',
  ],
  [nickPresence({ room, nick: "relay2" }), '<presence to="chat@conference.localhost/relay2"/>'],
  [
    instantRoom({ room, id: "i1" }),
    '<iq type="set" to="chat@conference.localhost" id="i1"><query xmlns="http://jabber.org/protocol/muc#owner"><x xmlns="jabber:x:data" type="submit"/></query></iq>',
  ],
  [
    selfPing({ room, nick: "relay", id: "p1" }),
    '<iq type="get" to="chat@conference.localhost/relay" id="p1"><ping xmlns="urn:xmpp:ping"/></iq>',
  ],
])("%# writes what the XEPs show", (node, xml) => {
  expect(serialise(node)).toBe(xml);
});

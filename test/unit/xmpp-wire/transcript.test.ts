import { describe, expect, test } from "vitest";
import { isHistory, readRoomMessage } from "../../../shared/xmpp/wire/message.ts";
import { readPresence } from "../../../shared/xmpp/wire/presence.ts";
import { readSelfPing } from "../../../shared/xmpp/wire/self-ping.ts";
import type { Element } from "../../../shared/xmpp/wire/xml.ts";
import { stanza } from "../../support/stanza.ts";

/** All that `relay` got from each server in one stay: it joins, hears, changes its nick, is kicked. */
const PROSODY = [
  `<presence xml:lang='en' from='chat@conference.localhost/romeo' to='relay@localhost/bridge'><occupant-id id='TAStvPu/0y6+oaadpU1xtMW6k28DsY41pEztQcmeAVo=' xmlns='urn:xmpp:occupant-id:0'/><x xmlns='http://jabber.org/protocol/muc#user'><item affiliation='owner' role='moderator'/></x></presence>`,
  `<presence xml:lang='en' from='chat@conference.localhost/relay' to='relay@localhost/bridge'><occupant-id id='Lz/AVdegAToFl98yvuT/0Q15ehb59l+6BYR0Pnt+UyU=' xmlns='urn:xmpp:occupant-id:0'/><x xmlns='http://jabber.org/protocol/muc#user'><item role='participant' affiliation='none' jid='relay@localhost/bridge'/><status code='110'/></x></presence>`,
  `<message xml:lang='en' type='groupchat' id='m3' to='relay@localhost/bridge' from='chat@conference.localhost/romeo'><body>one</body><occupant-id xmlns='urn:xmpp:occupant-id:0' id='TAStvPu/0y6+oaadpU1xtMW6k28DsY41pEztQcmeAVo='/><delay stamp='2026-11-20T10:03:04Z' xmlns='urn:xmpp:delay' from='chat@conference.localhost'/><stanza-id by='chat@conference.localhost' xmlns='urn:xmpp:sid:0' id='ow_f0346zHB4OgzeukE-0BC-'/></message>`,
  `<message xml:lang='en' type='groupchat' id='m4' to='relay@localhost/bridge' from='chat@conference.localhost/romeo'><body>/me two</body><origin-id id='orig2' xmlns='urn:xmpp:sid:0'/><occupant-id xmlns='urn:xmpp:occupant-id:0' id='TAStvPu/0y6+oaadpU1xtMW6k28DsY41pEztQcmeAVo='/><delay stamp='2026-11-20T10:03:04Z' xmlns='urn:xmpp:delay' from='chat@conference.localhost'/><stanza-id by='chat@conference.localhost' xmlns='urn:xmpp:sid:0' id='KdOV8lNpdpXZAb35IWbTZsLr'/></message>`,
  `<message to='relay@localhost/bridge' type='groupchat' from='chat@conference.localhost/romeo'><subject>Welcome</subject><delay stamp='2026-11-20T10:03:05Z' xmlns='urn:xmpp:delay' from='chat@conference.localhost'/></message>`,
  `<message xml:lang='en' type='groupchat' from='chat@conference.localhost/romeo' to='relay@localhost/bridge' id='m5'><body>live &lt;b&gt;</body><origin-id xmlns='urn:xmpp:sid:0' id='orig3'/><occupant-id id='TAStvPu/0y6+oaadpU1xtMW6k28DsY41pEztQcmeAVo=' xmlns='urn:xmpp:occupant-id:0'/><stanza-id by='chat@conference.localhost' xmlns='urn:xmpp:sid:0' id='bkc6YxyNKwkEb1XXT-ACBmjo'/></message>`,
  `<presence to='relay@localhost/bridge' type='unavailable' from='chat@conference.localhost/relay'><x xmlns='http://jabber.org/protocol/muc#user'><status code='303'/><item role='participant' nick='relay2' affiliation='none' jid='relay@localhost/bridge'/><status code='110'/></x></presence>`,
  `<presence xml:lang='en' from='chat@conference.localhost/relay2' to='relay@localhost/bridge'><occupant-id id='Lz/AVdegAToFl98yvuT/0Q15ehb59l+6BYR0Pnt+UyU=' xmlns='urn:xmpp:occupant-id:0'/><x xmlns='http://jabber.org/protocol/muc#user'><item role='participant' affiliation='none' jid='relay@localhost/bridge'/><status code='110'/></x></presence>`,
  `<presence from='chat@conference.localhost/juliet' type='unavailable' to='relay@localhost/bridge'><occupant-id xmlns='urn:xmpp:occupant-id:0' id='V8x2YYQ2AN3PaocWv9DwYmQ5Yyj3EfJQWLr+OxQRWCE='/><x xmlns='http://jabber.org/protocol/muc#user'><status code='303'/><item nick='julia' affiliation='none' role='participant'/></x></presence>`,
  `<presence xml:lang='en' to='relay@localhost/bridge' from='chat@conference.localhost/julia'><occupant-id xmlns='urn:xmpp:occupant-id:0' id='V8x2YYQ2AN3PaocWv9DwYmQ5Yyj3EfJQWLr+OxQRWCE='/><x xmlns='http://jabber.org/protocol/muc#user'><item affiliation='none' role='participant'/></x></presence>`,
  `<presence to='relay@localhost/bridge' type='unavailable' from='chat@conference.localhost/relay2'><occupant-id xmlns='urn:xmpp:occupant-id:0' id='Lz/AVdegAToFl98yvuT/0Q15ehb59l+6BYR0Pnt+UyU='/><x xmlns='http://jabber.org/protocol/muc#user'><status code='307'/><item role='none' affiliation='none' jid='relay@localhost/bridge'><actor nick='romeo'/><reason>be quiet</reason></item><status code='110'/></x></presence>`,
  `<iq from='chat@conference.localhost/relay2' id='p3' type='error' to='relay@localhost/bridge'><error type='cancel' by='chat@conference.localhost'><not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>You are not currently connected to this chat</text></error></iq>`,
  `<presence to='relay@localhost/bridge' type='unavailable' from='chat@conference.localhost/relay'><occupant-id xmlns='urn:xmpp:occupant-id:0' id='Lz/AVdegAToFl98yvuT/0Q15ehb59l+6BYR0Pnt+UyU='/><x xmlns='http://jabber.org/protocol/muc#user'><destroy jid='new@conference.localhost'><reason>We moved</reason></destroy><item role='none' affiliation='none' jid='relay@localhost/bridge'/><status code='110'/></x></presence>`,
];

const EJABBERD = [
  `<presence to='relay@localhost/bridge' from='chat@conference.localhost' id='10959129195405829452'><c ver='1MMXBvWS93p5kxtqvr6BUyfCp0g=' node='http://www.process-one.net/en/ejabberd/' hash='sha-1' xmlns='http://jabber.org/protocol/caps'/></presence>`,
  `<presence xml:lang='en' to='relay@localhost/bridge' from='chat@conference.localhost/romeo'><x xmlns='http://jabber.org/protocol/muc#user'><item role='moderator' affiliation='owner'/></x></presence>`,
  `<presence xml:lang='en' to='relay@localhost/bridge' from='chat@conference.localhost/relay'><x xmlns='http://jabber.org/protocol/muc#user'><item jid='relay@localhost/bridge' role='participant' affiliation='none'/><status code='110'/></x></presence>`,
  `<message xml:lang='en' to='relay@localhost/bridge' from='chat@conference.localhost/romeo' type='groupchat' id='m3'><archived by='chat@conference.localhost' id='1795169012265808' xmlns='urn:xmpp:mam:tmp'/><stanza-id by='chat@conference.localhost' id='1795169012265808' xmlns='urn:xmpp:sid:0'/><delay from='chat@conference.localhost' stamp='2026-11-20T10:03:32.273379Z' xmlns='urn:xmpp:delay'/><body>one</body></message>`,
  `<message xml:lang='en' to='relay@localhost/bridge' from='chat@conference.localhost/romeo' type='groupchat' id='m4'><archived by='chat@conference.localhost' id='1795169012443552' xmlns='urn:xmpp:mam:tmp'/><stanza-id by='chat@conference.localhost' id='1795169012443552' xmlns='urn:xmpp:sid:0'/><origin-id xmlns='urn:xmpp:sid:0' id='orig2'/><delay from='chat@conference.localhost' stamp='2026-11-20T10:03:32.479682Z' xmlns='urn:xmpp:delay'/><body>/me two</body></message>`,
  `<message to='relay@localhost/bridge' from='chat@conference.localhost/romeo' type='groupchat'><subject>Welcome</subject></message>`,
  `<message xml:lang='en' to='relay@localhost/bridge' from='chat@conference.localhost/romeo' type='groupchat' id='m5'><archived by='chat@conference.localhost' id='1795169013922820' xmlns='urn:xmpp:mam:tmp'/><stanza-id by='chat@conference.localhost' id='1795169013922820' xmlns='urn:xmpp:sid:0'/><origin-id xmlns='urn:xmpp:sid:0' id='orig3'/><body>live &lt;b&gt;</body></message>`,
  `<presence to='relay@localhost/bridge' from='chat@conference.localhost/relay' type='unavailable'><x xmlns='http://jabber.org/protocol/muc#user'><item nick='relay2' jid='relay@localhost/bridge' role='participant' affiliation='none'/><status code='303'/><status code='110'/></x></presence>`,
  `<presence xml:lang='en' to='relay@localhost/bridge' from='chat@conference.localhost/relay2'><x xmlns='http://jabber.org/protocol/muc#user'><item jid='relay@localhost/bridge' role='participant' affiliation='none'/><status code='110'/></x></presence>`,
  `<presence to='relay@localhost/bridge' from='chat@conference.localhost/juliet' type='unavailable'><x xmlns='http://jabber.org/protocol/muc#user'><item nick='julia' role='participant' affiliation='none'/><status code='303'/></x></presence>`,
  `<presence xml:lang='en' to='relay@localhost/bridge' from='chat@conference.localhost/julia'><x xmlns='http://jabber.org/protocol/muc#user'><item role='participant' affiliation='none'/></x></presence>`,
  `<presence to='relay@localhost/bridge' from='chat@conference.localhost' type='unavailable' id='1197222943876071594'/>`,
  `<presence to='relay@localhost/bridge' from='chat@conference.localhost/relay2' type='unavailable'><x xmlns='http://jabber.org/protocol/muc#user'><item jid='relay@localhost/bridge' role='none' affiliation='none'><reason>be quiet</reason><actor nick='romeo'/></item><status code='110'/><status code='307'/></x></presence>`,
  `<iq xml:lang='en' to='relay@localhost/bridge' from='chat@conference.localhost/relay2' type='error' id='p3'><ping xmlns='urn:xmpp:ping'/><error type='modify'><not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><text xml:lang='en' xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>Only occupants are allowed to send queries to the conference</text></error></iq>`,
  `<presence to='relay@localhost/bridge' from='chat@conference.localhost' type='unavailable' id='18066633685560825256'/>`,
  `<presence to='relay@localhost/bridge' from='chat@conference.localhost/relay' type='unavailable'><x xmlns='http://jabber.org/protocol/muc#user'><destroy jid='new@conference.localhost'><reason>We moved</reason></destroy><item role='none' affiliation='none'/></x></presence>`,
];

/** What the readers make of a stanza, in a few words. */
function summary(element: Element): string {
  if (element.is("iq")) return `self-ping: ${readSelfPing(element)}`;
  if (element.is("presence")) {
    const presence = readPresence(element);
    if (presence === undefined) return "nothing";
    const what = presence.kind === "gone" ? presence.why : presence.kind;
    return `${presence.nick} ${what}${presence.kind !== "refused" && presence.self ? " (we)" : ""}`;
  }
  const message = readRoomMessage(element);
  if (message.kind !== "speech") return message.kind;
  const when = isHistory(message, { settled: false }) ? "history" : "live";
  return `${message.nick}${message.action ? "*" : ""}: ${message.body} (${when})`;
}

const STAY = [
  "romeo here",
  "relay here (we)",
  "romeo: one (history)",
  "romeo*: two (history)",
  "subject",
  "romeo: live <b> (live)",
  "relay nick-changed (we)",
  "relay2 here (we)",
  "juliet nick-changed",
  "julia here",
  "relay2 kicked (we)",
  "self-ping: outside",
  "relay destroyed",
];

describe("one stay in a room", () => {
  test.each([
    ["Prosody 0.12.3", PROSODY],
    ["ejabberd 23.01", EJABBERD],
  ])("on %s is read as what happened", (_, transcript) => {
    // ejabberd leaves 110 out when it destroys a room, and speaks in the room's own name besides.
    const read = transcript.map((xml) =>
      summary(stanza(xml)).replace("destroyed (we)", "destroyed"),
    );
    expect(read.filter((words) => words !== "nothing")).toEqual(STAY);
  });
});

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isHistory, readRoomMessage, type Speech } from "../../../shared/xmpp/wire/message.ts";
import { stanza } from "../../support/stanza.ts";
import { anyStanza } from "./any-stanza.ts";

const read = (xml: string) => readRoomMessage(stanza(xml));
const live = { settled: true };
const joining = { settled: false };

/** What romeo says, with something beside the body. */
function said(inside: string): Speech {
  const message = read(
    `<message type='groupchat' id='m1' from='chat@conference.localhost/romeo'>${inside}</message>`,
  );
  if (message.kind !== "speech") throw new Error(`Cannot use it as speech: it is ${message.kind}`);
  return message;
}

describe("readRoomMessage() of speech", () => {
  test("reads history as Prosody shows it", () => {
    const message = read(
      "<message xml:lang='en' type='groupchat' id='m4' to='relay@localhost/bridge' from='chat@conference.localhost/romeo'><body>/me two</body><origin-id id='orig2' xmlns='urn:xmpp:sid:0'/><occupant-id xmlns='urn:xmpp:occupant-id:0' id='TASt'/><delay stamp='2026-11-20T10:03:04Z' xmlns='urn:xmpp:delay' from='chat@conference.localhost'/><stanza-id by='chat@conference.localhost' xmlns='urn:xmpp:sid:0' id='KdOV'/></message>",
    );
    expect(message).toEqual({
      kind: "speech",
      nick: "romeo",
      id: "m4",
      originId: "orig2",
      stanzaId: "KdOV",
      body: "two",
      action: true,
      delay: { stamp: Date.UTC(2026, 10, 20, 10, 3, 4), byRoom: true },
    });
  });

  test("reads a live message as ejabberd shows it", () => {
    const message = read(
      "<message xml:lang='en' to='relay@localhost/bridge' from='chat@conference.localhost/relay' type='groupchat' id='m6'><archived by='chat@conference.localhost' id='1795169014075521' xmlns='urn:xmpp:mam:tmp'/><stanza-id by='chat@conference.localhost' id='1795169014075521' xmlns='urn:xmpp:sid:0'/><relayed xmlns='urn:saxbridge:relay:0' network='EFnet' channel='#c'/><body>a &lt;b&gt; &amp; c</body></message>",
    );
    expect(message).toMatchObject({
      nick: "relay",
      stanzaId: "1795169014075521",
      body: "a <b> & c",
      action: false,
      delay: undefined,
    });
  });

  test.each([
    ["/me waves", { body: "waves", action: true }],
    ["/me  waves", { body: " waves", action: true }],
    ["/me a\nb", { body: "a\nb", action: true }],
    ["/me", { body: "/me", action: false }],
    ["/me ", { body: "/me ", action: false }],
    ["/mean", { body: "/mean", action: false }],
    [" /me waves", { body: " /me waves", action: false }],
    ["/ME waves", { body: "/ME waves", action: false }],
  ])("takes %j by the letter of XEP-0245", (text, expected) => {
    expect(said(`<body>${text}</body>`)).toMatchObject(expected);
  });

  test("takes the body without a language, or else the first", () => {
    const german = "<body xml:lang='de'>hallo</body>";
    expect(said(`${german}<body>hello</body>`).body).toBe("hello");
    expect(said(`${german}<body xml:lang='en'>hello</body>`).body).toBe("hallo");
  });

  test("takes no body of an extension for what was said", () => {
    expect(said("<body xmlns='foo'>forged</body><body>real</body>").body).toBe("real");
    expect(
      read(
        "<message type='groupchat' from='chat@c.localhost/r'><body xmlns='x'>y</body></message>",
      ),
    ).toMatchObject({ kind: "other", why: "no-body" });
  });

  test.each([
    "by='evil@localhost'",
    "by='chat@conference.localhost/romeo'",
    "by='relay@localhost'",
    "",
  ])("takes no stanza-id %s for the room's", (by) => {
    const forged = `<stanza-id xmlns='urn:xmpp:sid:0' ${by} id='forged'/>`;
    expect(said(`<body>x</body>${forged}`).stanzaId).toBeUndefined();
  });

  test("finds the room's stanza-id among others", () => {
    const ids =
      "<stanza-id xmlns='urn:xmpp:sid:0' by='evil@localhost' id='1'/>" +
      "<stanza-id xmlns='urn:xmpp:sid:0' by='chat@conference.localhost' id='2'/>";
    expect(said(`<body>x</body>${ids}`).stanzaId).toBe("2");
  });

  test("takes the room's own stanza-id, which comes last, where it has left a forged one in", () => {
    const ids = ["forged", "given"].map(
      (id) => `<stanza-id xmlns='urn:xmpp:sid:0' by='chat@conference.localhost' id='${id}'/>`,
    );
    expect(said(`<body>x</body>${ids.join("")}`).stanzaId).toBe("given");
  });

  test("counts a subject beside a body for nothing", () => {
    expect(said("<subject>s</subject><body>with body</body>").body).toBe("with body");
  });
});

const stampedBy = (from: string) =>
  said(`<body>x</body><delay xmlns='urn:xmpp:delay' ${from} stamp='2002-09-10T23:41:07Z'/>`);

describe("isHistory()", () => {
  test("is so for what the room stamped before it was settled", () => {
    expect(isHistory(stampedBy("from='chat@conference.localhost'"), joining)).toBe(true);
  });

  test.each([
    "from='evil@localhost'",
    "from='CHAT@conference.localhost'",
    "from='chat@conference.localhost/romeo'",
    "from='localhost'",
    "",
  ])("is not so for a stamp %s, with which one could hide", (from) => {
    expect(isHistory(stampedBy(from), joining)).toBe(false);
  });

  test("is not so once the subject has come, whatever the stamp says", () => {
    expect(isHistory(stampedBy("from='chat@conference.localhost'"), live)).toBe(false);
  });

  test("is so when a forged stamp stands before the room's", () => {
    const message = said(
      "<body>x</body><delay xmlns='urn:xmpp:delay' from='evil@localhost' stamp='2002-09-10T23:41:07Z'/>" +
        "<delay xmlns='urn:xmpp:delay' from='chat@conference.localhost' stamp='2026-11-20T10:03:34.577891Z'/>",
    );
    expect(isHistory(message, joining)).toBe(true);
    expect(message.delay?.stamp).toBe(Date.UTC(2026, 10, 20, 10, 3, 34, 577));
  });

  test("is so even when the stamp is no time", () => {
    const message = said(
      "<body>x</body><delay xmlns='urn:xmpp:delay' from='chat@conference.localhost' stamp='soon'/>",
    );
    expect(message.delay).toEqual({ stamp: undefined, byRoom: true });
    expect(isHistory(message, joining)).toBe(true);
  });
});

describe("readRoomMessage() of what is no speech", () => {
  test.each([
    ["<subject>Welcome</subject><delay xmlns='urn:xmpp:delay'/>", "romeo", "Welcome"],
    ["<subject/>", "romeo", ""],
  ])("reads the subject in %s", (inside, nick, subject) => {
    expect(
      read(`<message type='groupchat' from='chat@conference.localhost/romeo'>${inside}</message>`),
    ).toEqual({ kind: "subject", nick, subject });
  });

  test("reads the empty subject with which the room itself ends a join", () => {
    expect(
      read("<message type='groupchat' from='chat@conference.localhost'><subject/></message>"),
    ).toEqual({ kind: "subject", nick: undefined, subject: "" });
  });

  test("takes a subject with a thread for no change", () => {
    expect(
      read(
        "<message type='groupchat' from='c@c.localhost/r'><subject>s</subject><thread>t</thread></message>",
      ),
    ).toMatchObject({ kind: "other", why: "no-body" });
  });

  test("reads what ejabberd bounces, body and all", () => {
    expect(
      read(
        "<message xml:lang='en' to='relay@localhost/bridge' from='chat@conference.localhost' type='error' id='m13'><error type='modify'><not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><text xml:lang='en' xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>Only occupants are allowed to send messages to the conference</text></error><body>lost</body></message>",
      ),
    ).toEqual({
      kind: "error",
      id: "m13",
      condition: "not-acceptable",
      errorType: "modify",
      text: "Only occupants are allowed to send messages to the conference",
    });
  });

  test.each([
    [
      "private",
      "<message type='chat' from='chat@conference.localhost/romeo'><body>psst</body><x xmlns='http://jabber.org/protocol/muc#user'/></message>",
    ],
    ["private", "<message from='chat@conference.localhost/romeo'><body>psst</body></message>"],
    [
      "room-notice",
      "<message type='groupchat' from='chat@conference.localhost'><body>This room is not anonymous.</body></message>",
    ],
    [
      "room-notice",
      "<message from='chat@conference.localhost'><x xmlns='http://jabber.org/protocol/muc#user'><invite from='a@b'/></x></message>",
    ],
    [
      "no-body",
      "<message type='groupchat' from='chat@conference.localhost'><x xmlns='http://jabber.org/protocol/muc#user'><status code='104'/></x></message>",
    ],
    [
      "no-body",
      "<message type='groupchat' from='chat@conference.localhost/romeo'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>",
    ],
    ["no-body", "<message type='groupchat' from='chat@conference.localhost/r'><body/></message>"],
    [
      "encrypted",
      "<message type='groupchat' from='chat@conference.localhost/romeo'><encrypted xmlns='eu.siacs.conversations.axolotl'/><body>I sent you an OMEMO encrypted message</body></message>",
    ],
    [
      "encrypted",
      "<message type='groupchat' from='chat@conference.localhost/romeo'><encryption xmlns='urn:xmpp:eme:0' namespace='urn:xmpp:otr:0'/><body>?OTR</body></message>",
    ],
  ])("finds nothing but %s in %s", (why, xml) => {
    expect(read(xml)).toMatchObject({ kind: "other", why });
  });

  test("never throws, and speech always has a nick and a body", () => {
    fc.assert(
      fc.property(anyStanza, (any) => {
        const message = readRoomMessage(any);
        const { nick, body } = message.kind === "speech" ? message : { nick: "n", body: "b" };
        expect([nick, body]).not.toContain("");
      }),
    );
  });
});

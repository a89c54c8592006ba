import { expect, test } from "vitest";
import { Counters } from "../../../shared/observe/counters.ts";
import { Health } from "../../../shared/observe/health.ts";
import { Room } from "../../../shared/xmpp/room.ts";
import type { XmppSession } from "../../../shared/xmpp/session.ts";
import type { Element, Node } from "../../../shared/xmpp/wire/xml.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { fakeNotes } from "../../support/fake-notes.ts";
import { silentLog } from "../../support/silent-log.ts";
import { stanza } from "../../support/stanza.ts";

const JID = "chat@conference.example.org";
const ENTERED = `<presence from="${JID}/irc"><x xmlns="http://jabber.org/protocol/muc#user">
  <item affiliation="none" role="participant"/><status code="110"/></x></presence>`;
const LOST = `<presence from="${JID}/irc" type="unavailable"><x xmlns="http://jabber.org/protocol/muc#user">
  <item affiliation="none" role="none"/><status code="333"/><status code="110"/></x></presence>`;

const nothing = () => {};

/** A room on a session that hears only what the test says. */
function attachedRoom() {
  const clock = new FakeClock();
  let hear: (element: Element) => void = nothing;
  let end: (reason: string) => void = nothing;
  const sent: Node[] = [];
  const session: XmppSession = {
    jid: "irc@example.org/1",
    heardAt: 0,
    send: (node) => void sent.push(node),
    request: () => Promise.resolve(undefined),
    onStanza(_from, listener) {
      hear = listener;
      return nothing;
    },
    abandon: nothing,
    ended: new Promise((resolve) => {
      end = resolve;
    }),
    close: () => Promise.resolve(),
  };
  const room = new Room({
    jid: JID,
    nick: "irc",
    newRoom: "accept",
    historySince: () => undefined,
    notes: fakeNotes(),
    owner: "test",
    clock,
    log: silentLog,
    counters: new Counters(),
    health: new Health(),
  });
  room.attach(session);
  return { clock, room, sent, end, hear: (xml: string) => hear(stanza(xml)) };
}

test("a room without a subject is spoken in after a moment", async () => {
  const { clock, hear, room } = attachedRoom();
  hear(ENTERED);
  let entered = false;
  void room.stay(new AbortController().signal).then(() => {
    entered = true;
  });
  await clock.advance(4_000);
  expect(entered).toBe(false);
  await clock.advance(2_000);
  expect(entered).toBe(true);
});

const SHOWN = `<message from="${JID}/anna" type="groupchat"><body>old</body>
  <delay xmlns="urn:xmpp:delay" from="${JID}" stamp="2025-12-31T00:00:00Z"/></message>`;

/** How many milliseconds we are inside before we can speak, where old words come in every so often. */
async function greetingWith({ everyMs, words }: { everyMs: number; words: number }) {
  const { clock, hear, room } = attachedRoom();
  const heard: boolean[] = [];
  room.onSpeech(({ history }) => heard.push(history));
  let entered: number | undefined;
  void room.stay(new AbortController().signal).then(() => {
    entered = clock.now();
  });
  hear(ENTERED);
  for (let word = 0; word < words; word += 1) {
    await clock.advance(everyMs);
    hear(SHOWN);
  }
  await clock.advance(10_000);
  return { entered, heard };
}

test("a greeting takes as long as the room has something to show, and none of that is live", async () => {
  const { entered, heard } = await greetingWith({ everyMs: 3_000, words: 4 });
  expect(entered).toBe(17_000);
  expect(heard).toEqual([true, true, true, true]);
});

test("nobody can keep us from speaking for longer than a minute", async () => {
  const { entered } = await greetingWith({ everyMs: 4_000, words: 100 });
  expect(entered).toBe(60_000);
});

test("nothing of the room waits any more once its session has ended", async () => {
  const { clock, hear, end } = attachedRoom();
  hear(ENTERED);
  end("closed");
  await clock.advance(0);
  expect(clock.sleeping).toBe(0);
});

test("who comes back gets a whole greeting, not the rest of the one before", async () => {
  const { clock, hear, room } = attachedRoom();
  let entered = false;
  hear(ENTERED);
  await clock.advance(1_000);
  hear(LOST);
  void room.stay(new AbortController().signal).then(() => {
    entered = true;
  });
  await clock.advance(2_000);
  hear(ENTERED);
  await clock.advance(4_000);
  expect(entered).toBe(false);
  await clock.advance(2_000);
  expect(entered).toBe(true);
});

test("the wanted nick is asked for again after a minute, however much happens in the room", async () => {
  const { clock, hear, sent } = attachedRoom();
  hear(`<presence from="${JID}/irc" type="error"><error type="cancel">
    <conflict xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></presence>`);
  hear(ENTERED.replace("/irc", "/irc_"));
  const before = sent.length;
  await clock.advance(30_000);
  hear(`<presence from="${JID}/alice"/>`);
  await clock.advance(31_000);
  const asked = sent.slice(before).filter(({ name }) => name === "presence");
  expect(asked.map(({ attrs }) => attrs["to"])).toEqual([`${JID}/irc`]);
});

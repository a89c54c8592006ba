import { describe, expect, test } from "vitest";
import type { Gap } from "../../../shared/gap.ts";
import { Counters } from "../../../shared/observe/counters.ts";
import { Health } from "../../../shared/observe/health.ts";
import type { Notes } from "../../../shared/outbox/journal.ts";
import { Room, type RoomOptions } from "../../../shared/xmpp/room.ts";
import { FakeArchive } from "../../support/fake-archive.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { fakeNotes } from "../../support/fake-notes.ts";
import { FakeXmppSession } from "../../support/fake-xmpp-session.ts";
import { silentLog } from "../../support/silent-log.ts";

const JID = "chat@muc.test";
const SELF = `<presence from="${JID}/relay"><x xmlns="http://jabber.org/protocol/muc#user"><item/><status code="110"/></x></presence>`;
const LOST = `<presence from="${JID}/relay" type="unavailable"><x xmlns="http://jabber.org/protocol/muc#user"><item/><status code="110"/><status code="333"/></x></presence>`;
const SUBJECT = `<message from="${JID}" type="groupchat"><subject/></message>`;
const NO_HISTORY = '<history maxstanzas="0" maxchars="0"/>';

/** What a room shows of its history. */
function shown(body: string, id: string): string {
  return `<message from="${JID}/anna" type="groupchat" id="client ${body}"><body>${body}</body><stanza-id xmlns="urn:xmpp:sid:0" by="${JID}" id="${id}"/><delay xmlns="urn:xmpp:delay" from="${JID}" stamp="2026-01-01T00:00:00Z"/></message>`;
}

interface Saying {
  readonly nick?: string;
  readonly id?: string;
}

/** A room with an archive on a server that outlives the runs of whoever comes in. */
function server() {
  const clock = new FakeClock();
  const archive = new FakeArchive({ room: JID });
  const present = new Set<FakeXmppSession>();
  /** Says something in the room; who is there hears it. */
  const say = (body: string, { nick = "anna", id = `client ${body}` }: Saying = {}) => {
    const stanzaId = `100${archive.entries.length}`;
    const xml = `<message from="${JID}/${nick}" type="groupchat" id="${id}"><body>${body}</body></message>`;
    archive.entries.push({ id: stanzaId, xml, stamp: clock.wallNow() });
    const given = `<stanza-id xmlns="urn:xmpp:sid:0" by="${JID}" id="${stanzaId}"/></message>`;
    for (const session of present) session.hear(xml.replace("</message>", given));
  };
  const cut = async (session: FakeXmppSession) => {
    present.delete(session);
    session.end();
    await clock.advance(0);
  };
  return { clock, archive, say, present, cut };
}

type Server = ReturnType<typeof server>;

/** One run of a program that is in the room. */
function run(
  { clock, archive, present }: Server,
  notes: Notes = fakeNotes(),
  options: Partial<RoomOptions> = {},
) {
  const events: string[] = [];
  const note = (event: string) => void events.push(event);
  const log = { ...silentLog, info: note, warn: note, error: note, child: () => log };
  const room = new Room({
    jid: JID,
    nick: "relay",
    newRoom: "accept",
    historySince: () => undefined,
    notes,
    owner: "test",
    clock,
    log,
    counters: new Counters(),
    health: new Health(clock),
    ...options,
  });
  const heard: string[] = [];
  const gaps: Gap[] = [];
  room.onSpeech(({ speech, own, history }) => {
    if (!own && !history) heard.push(speech.body);
  });
  room.onReturn((gap) => gaps.push(gap));
  /** Comes in as far as the end of the greeting. */
  const enter = () => {
    const session = new FakeXmppSession();
    room.attach(session);
    present.add(session);
    session.hear(SELF);
    session.hear(SUBJECT);
    return session;
  };
  /** Comes in, and reads what the archive has. */
  const catchUp = async () => {
    const session = enter();
    archive.answer(session);
    await clock.advance(0);
    return session;
  };
  const isOpen = async () => {
    const stop = new AbortController();
    const stay = room.stay(stop.signal);
    await clock.advance(0);
    stop.abort();
    return (await stay) !== undefined;
  };
  return { room, notes, heard, gaps, events, enter, catchUp, isOpen };
}

describe("Room with an archive", () => {
  test("asks it for nothing at the first time, and for what it missed from then on", async () => {
    const world = server();
    const { heard, gaps, enter, catchUp } = run(world);
    world.say("before us");
    const first = enter();
    expect([first.requests, gaps]).toEqual([[], []]);
    world.say("heard");
    await world.cut(first);
    world.say("missed");
    const second = await catchUp();
    expect(second.sent[0]).toContain(NO_HISTORY);
    world.say("live");
    expect(heard).toEqual(["heard", "missed", "live"]);
    expect(gaps).toMatchObject([{ missed: 1, leftOut: 0, isComplete: true }]);
  });

  test("goes on after a restart where it was", async () => {
    const world = server();
    const first = run(world);
    const session = first.enter();
    world.say("heard");
    await world.cut(session);
    world.say("missed");
    const second = run(world, first.notes);
    await second.catchUp();
    expect([first.heard, second.heard]).toEqual([["heard"], ["missed"]]);
  });

  test("lets what is said meanwhile wait, and hears it once, behind what it missed", async () => {
    const world = server();
    const { clock, archive, say } = world;
    const { room, heard, enter, isOpen } = run(world);
    const before = enter();
    say("heard");
    await world.cut(before);
    say("missed");
    const session = enter();
    say("while the archive is asked");
    expect([heard, await isOpen(), await room.say({ id: "1", body: "early" })]).toEqual([
      ["heard"],
      false,
      "unsent",
    ]);
    archive.answer(session);
    say("before anybody could look");
    await clock.advance(0);
    expect(heard).toEqual([
      "heard",
      "missed",
      "while the archive is asked",
      "before anybody could look",
    ]);
    expect(await isOpen()).toBe(true);
  });

  test("does not believe a stamp of the past that somebody forges while the archive is read", async () => {
    const world = server();
    const { clock, archive } = world;
    const { heard, enter } = run(world);
    const before = enter();
    world.say("heard");
    await world.cut(before);
    const session = enter();
    session.hear(
      `<message from="${JID}/anna" type="groupchat"><body>forged</body><delay xmlns="urn:xmpp:delay" from="${JID}" stamp="2026-01-01T00:00:00Z"/></message>`,
    );
    archive.answer(session);
    await clock.advance(0);
    expect(heard).toEqual(["heard", "forged"]);
  });

  test("knows from it which of its own words were heard, whatever its nick was", async () => {
    const world = server();
    const { room, enter, catchUp } = run(world);
    const before = enter();
    world.say("heard");
    const fates = ["1", "2", "3"].map((id) => room.say({ id, body: `body ${id}` }));
    world.present.clear();
    world.say("body 1", { nick: "relay", id: "1" });
    world.say("body 2", { nick: "relay_", id: "2" });
    world.say("something else", { nick: "relay_", id: "3" });
    await world.cut(before);
    expect(await Promise.all(fates)).toEqual(["uncertain", "uncertain", "uncertain"]);
    const session = await catchUp();
    session.takeSent();
    const again = ["1", "2", "3"].map((id) => room.say({ id, body: `body ${id}` }));
    expect(await Promise.race(again)).toBe("delivered");
    expect(await again[1]).toBe("delivered");
    expect(session.takeSent().join("")).toMatch(/^<message [^>]*id="3"/);
  });

  test("still knows that after the next break or restart, when no archive tells it any more", async () => {
    const world = server();
    const first = run(world);
    const before = first.enter();
    world.say("heard");
    void first.room.say({ id: "1", body: "body 1" });
    void first.room.say({ id: "2", body: "body 2" });
    world.present.clear();
    world.say("body 1", { nick: "relay", id: "1" });
    world.say("body 2", { nick: "relay", id: "2" });
    await world.cut(before);
    await world.cut(await first.catchUp());
    await first.catchUp();
    expect(await first.room.say({ id: "1", body: "body 1" })).toBe("delivered");
    const second = run(world, first.notes);
    await second.catchUp();
    expect(await second.room.say({ id: "2", body: "body 2" })).toBe("delivered");
  });

  test("does not take for its own what somebody says under its nick while it is away", async () => {
    const world = server();
    const { room, heard, gaps, enter, catchUp } = run(world, fakeNotes(), {
      isOurId: (id) => id.startsWith("ours"),
    });
    const before = enter();
    world.say("heard");
    void room.say({ id: "1", body: "known" });
    world.present.clear();
    world.say("known", { nick: "relay", id: "1" });
    world.say("marked", { nick: "relay", id: "ours-2" });
    world.say("marked, too", { nick: "relay_", id: "ours-3" });
    world.say("a stranger's", { nick: "relay", id: "evil" });
    await world.cut(before);
    await catchUp();
    expect(heard).toEqual(["heard", "a stranger's"]);
    // While we are there, who has another nick is another, whatever its ids are.
    world.say("another relay's", { nick: "relay_", id: "ours-4" });
    expect(heard.at(-1)).toBe("another relay's");
    expect(gaps).toMatchObject([{ missed: 1, isComplete: true }]);
  });

  test("takes for its own only what it knows, where nobody else can tell", async () => {
    const world = server();
    const first = run(world);
    const before = first.enter();
    world.say("heard");
    await world.cut(before);
    world.say("a stranger's", { nick: "relay", id: "evil" });
    const second = run(world, first.notes);
    await second.catchUp();
    expect(second.heard).toEqual(["a stranger's"]);
  });

  test("moves on with its own words, too", async () => {
    const world = server();
    const { room, enter, catchUp } = run(world);
    const before = enter();
    const fate = room.say({ id: "1", body: "mine" });
    world.say("mine", { nick: "relay", id: "1" });
    expect(await fate).toBe("delivered");
    await world.cut(before);
    const session = enter();
    expect(session.requests[0]?.iq).toContain("<after>1000</after>");
    await world.cut(session);
    await catchUp();
  });

  test("is asked also by who only speaks, while something may have been heard", async () => {
    const world = server();
    const { clock, archive } = world;
    const unsettled: { at: number | undefined } = { at: undefined };
    const speaker = new Room({
      jid: JID,
      nick: "relay",
      newRoom: "accept",
      historySince: () => unsettled.at,
      notes: fakeNotes(),
      owner: "speaker",
      clock,
      log: silentLog,
      counters: new Counters(),
      health: new Health(clock),
    });
    const enter = () => {
      const session = new FakeXmppSession();
      speaker.attach(session);
      world.present.add(session);
      session.hear(SELF);
      session.hear(SUBJECT);
      return session;
    };
    const first = enter();
    world.say("somebody's");
    await world.cut(first);
    const second = enter();
    expect(second.requests).toEqual([]);
    unsettled.at = clock.wallNow();
    void speaker.say({ id: "1", body: "mine" });
    world.present.clear();
    world.say("mine", { nick: "relay", id: "1" });
    await world.cut(second);
    const third = enter();
    archive.answer(third);
    await clock.advance(0);
    expect(await speaker.say({ id: "1", body: "mine" })).toBe("delivered");
  });

  test.each([
    ["refuses", () => `<iq type="error" from="${JID}"><error type="cancel"/></iq>`],
    ["does not answer", () => undefined],
  ])("comes in again for the history where the archive %s", async (_, answer) => {
    const world = server();
    const { clock } = world;
    const { heard, gaps, events, enter, isOpen } = run(world);
    const before = enter();
    world.say("heard");
    await world.cut(before);
    const session = enter();
    world.say("live");
    session.takeSent();
    session.requests.shift()?.answer(answer());
    await clock.advance(0);
    expect(events).toContain("room archive not read");
    expect(session.takeSent().join("")).toContain('<history since="2025-12-31T23:59:00.000Z"/>');
    session.hear(SELF);
    session.hear(shown("heard", "1000"));
    session.hear(shown("live", "1001"));
    session.hear(SUBJECT);
    expect([heard, await isOpen()]).toEqual([["heard", "live"], true]);
    expect(gaps).toMatchObject([{ missed: 1, isComplete: true }]);
    // The next session gives the archive another chance.
    await world.cut(session);
    expect(enter().requests).toHaveLength(1);
  });

  test("reads nothing for a session that has ended meanwhile", async () => {
    const world = server();
    const { heard, enter, catchUp, isOpen } = run(world);
    const before = enter();
    world.say("heard");
    await world.cut(before);
    world.say("missed");
    await world.cut(enter());
    expect(await isOpen()).toBe(false);
    await catchUp();
    expect(heard).toEqual(["heard", "missed"]);
  });

  test("reads nothing for a visit that is over, though the session goes on", async () => {
    const world = server();
    const { clock, archive } = world;
    const { heard, enter, isOpen } = run(world);
    const before = enter();
    world.say("heard");
    await world.cut(before);
    const session = enter();
    const [stale] = session.requests.splice(0);
    session.hear(LOST);
    await clock.advance(5_000);
    world.say("missed");
    session.hear(SELF);
    session.hear(SUBJECT);
    stale?.answer(
      `<iq type="result" from="${JID}"><fin xmlns="urn:xmpp:mam:2" complete="true"/></iq>`,
    );
    expect(await isOpen()).toBe(false);
    archive.answer(session);
    await clock.advance(0);
    expect([heard, await isOpen()]).toEqual([["heard", "missed"], true]);
  });

  test("tells nothing of what was said while it was banned, and reads on behind that", async () => {
    const world = server();
    const { clock, archive, say, present } = world;
    const { heard, gaps, enter, catchUp } = run(world);
    const session = enter();
    say("heard");
    session.hear(
      `<presence from="${JID}/relay" type="unavailable"><x xmlns="http://jabber.org/protocol/muc#user"><item/><status code="110"/><status code="301"/></x></presence>`,
    );
    present.clear();
    say("not for us");
    await clock.advance(1_000_000);
    present.add(session);
    session.hear(SELF);
    session.hear(SUBJECT);
    archive.answer(session);
    await clock.advance(0);
    expect(gaps).toMatchObject([{ missed: 0, leftOut: 0, isComplete: false }]);
    await world.cut(session);
    say("missed");
    await catchUp();
    expect(heard).toEqual(["heard", "missed"]);
  });

  test("says that it is not sure when the room was made anew", async () => {
    const world = server();
    const { clock, archive } = world;
    const { heard, gaps, enter } = run(world);
    const before = enter();
    world.say("heard");
    await world.cut(before);
    archive.entries.splice(0);
    archive.entries.push({
      id: "another archive",
      xml: `<message from="${JID}/anna" type="groupchat"><body>missed</body></message>`,
      stamp: clock.wallNow() + 1_000,
    });
    const session = enter();
    archive.answer(session);
    await clock.advance(0);
    archive.answer(session);
    await clock.advance(0);
    expect(heard).toEqual(["heard", "missed"]);
    expect(gaps).toMatchObject([{ missed: 1, isComplete: false }]);
  });

  test("tells of a return before what was missed", async () => {
    const world = server();
    const { room, enter, catchUp } = run(world);
    await world.cut(enter());
    const before = enter();
    world.say("heard");
    await world.cut(before);
    world.say("missed");
    const told: string[] = [];
    room.onReturn(({ missed }) => told.push(`${missed} missed`));
    room.onSpeech(({ speech }) => told.push(speech.body));
    await catchUp();
    expect(told).toEqual(["1 missed", "missed"]);
  });

  test("writes down how far it heard only when whoever listens has it", () => {
    const world = server();
    const order: string[] = [];
    const notes = fakeNotes();
    const { room, enter } = run(world, {
      ...notes,
      setNote(name, value) {
        order.push("noted");
        notes.setNote(name, value);
      },
    });
    enter();
    order.splice(0);
    room.onSpeech(() => order.push("heard"));
    world.say("hello");
    expect(order).toEqual(["heard", "noted"]);
  });
});

describe("Room.provedAt", () => {
  test("is when the room last gave a sign", async () => {
    const world = server();
    const { clock } = world;
    const { room, enter } = run(world);
    expect(room.provedAt).toBe(0);
    await clock.advance(1_000);
    const session = enter();
    expect(room.provedAt).toBe(1_000);
    await clock.advance(500);
    world.say("hello");
    expect(room.provedAt).toBe(1_500);
    await clock.advance(70_000);
    session.requests[0]?.answer(`<iq type="result" from="${JID}/relay"/>`);
    await clock.advance(0);
    expect(room.provedAt).toBe(clock.now());
  });
});

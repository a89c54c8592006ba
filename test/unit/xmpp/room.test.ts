import { describe, expect, test } from "vitest";
import type { Gap } from "../../../shared/gap.ts";
import { Counters } from "../../../shared/observe/counters.ts";
import { Health } from "../../../shared/observe/health.ts";
import type { Fate } from "../../../shared/outbox/drain.ts";
import { Room, type RoomOptions } from "../../../shared/xmpp/room.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { fakeNotes } from "../../support/fake-notes.ts";
import { FakeXmppSession } from "../../support/fake-xmpp-session.ts";
import { silentLog } from "../../support/silent-log.ts";

const JID = "chat@muc.test";
const MUC_USER = "http://jabber.org/protocol/muc#user";
const never = new AbortController().signal;

interface Presence {
  readonly nick?: string;
  readonly type?: string;
  readonly statuses?: readonly number[];
  readonly item?: string;
  readonly more?: string;
}

/** A presence from the room; of ourselves unless told otherwise. */
function presence({ nick = "relay", type, statuses = [110], item = "", more = "" }: Presence = {}) {
  const codes = statuses.map((code) => `<status code="${code}"/>`).join("");
  return (
    `<presence from="${JID}/${nick}"${type === undefined ? "" : ` type="${type}"`}>` +
    `<x xmlns="${MUC_USER}"><item ${item}/>${codes}${more}</x></presence>`
  );
}

function refused(condition: string, type = "cancel") {
  return `<presence from="${JID}/relay" type="error"><error type="${type}"><${condition} xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></presence>`;
}

const SUBJECT = `<message from="${JID}" type="groupchat"><subject>quiet</subject></message>`;

interface Message {
  readonly nick?: string;
  readonly id?: string;
  readonly more?: string;
}

function message(body: string, { nick = "anna", id, more = "" }: Message = {}) {
  const name = id === undefined ? "" : ` id="${id}"`;
  return `<message from="${JID}/${nick}" type="groupchat"${name}><body>${body}</body>${more}</message>`;
}

const stamped = (from: string) =>
  `<delay xmlns="urn:xmpp:delay" from="${from}" stamp="2026-01-01T00:00:00Z"/>`;
const fromHistory = stamped(JID);

interface BounceOptions {
  readonly id: string;
  readonly condition: string;
  readonly type?: string;
  readonly from?: string;
}

function bounce({ id, condition, type = "cancel", from = JID }: BounceOptions) {
  return (
    `<message from="${from}" type="error" id="${id}"><error type="${type}">` +
    `<${condition} xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></message>`
  );
}

function world(differences: Partial<RoomOptions> = {}) {
  const clock = new FakeClock({ random: () => 0 });
  const health = new Health();
  const events: string[] = [];
  const note = (event: string) => void events.push(event);
  const log = { ...silentLog, info: note, warn: note, error: note, child: () => log };
  const room = new Room({
    jid: JID,
    nick: "relay",
    newRoom: "accept",
    historySince: () => undefined,
    notes: fakeNotes(),
    owner: "test",
    clock,
    log,
    counters: new Counters(),
    health,
    ...differences,
  });
  const heard: string[] = [];
  room.onSpeech(({ speech, own, history }) => {
    const marks = [own ? "own" : "", history ? "history" : ""].filter((mark) => mark !== "");
    heard.push([...marks, `${speech.nick}: ${speech.body}`].join(" "));
  });
  const connect = () => {
    const session = new FakeXmppSession();
    room.attach(session);
    return session;
  };
  /** Inside, and the greeting over. */
  const enter = () => {
    const session = connect();
    session.hear(presence());
    session.hear(SUBJECT);
    session.takeSent();
    return session;
  };
  /** Says something and keeps what becomes of it. */
  const say = (id: string) => {
    const word: { fate: Fate | undefined } = { fate: undefined };
    void room.say({ id, body: `body of ${id}` }).then((fate) => {
      word.fate = fate;
    });
    return word;
  };
  return { clock, health, events, room, heard, connect, enter, say };
}

/** Whether things can be said now. */
async function isOpen(room: Room, clock: FakeClock): Promise<boolean> {
  const stop = new AbortController();
  const stay = room.stay(stop.signal);
  await clock.advance(0);
  stop.abort();
  return (await stay) !== undefined;
}

describe("Room entering", () => {
  test("asks for no history when nothing is to be said", () => {
    const { connect } = world();
    expect(connect().takeSent()).toEqual([
      '<presence to="chat@muc.test/relay"><x xmlns="http://jabber.org/protocol/muc"><history maxstanzas="0" maxchars="0"/></x></presence>',
    ]);
  });

  test("asks for what was said since the oldest thing that waits, and a minute before", () => {
    const { connect } = world({ historySince: () => Date.UTC(2026, 0, 1, 12) });
    expect(connect().sent.join("")).toContain('<history since="2026-01-01T11:59:00.000Z"/>');
  });

  test("can be spoken in from the subject on, even an empty one, and not before", async () => {
    const { clock, room, connect } = world();
    const session = connect();
    session.hear(presence({ nick: "anna", statuses: [] }));
    expect(room.nick).toBeUndefined();
    session.hear(presence());
    expect(room.nick).toBe("relay");
    expect(await isOpen(room, clock)).toBe(false);
    expect(await room.say({ id: "1", body: "too early" })).toBe("unsent");
    session.hear(`<message from="${JID}" type="groupchat"><subject/></message>`);
    expect(await isOpen(room, clock)).toBe(true);
  });

  test("is not over with a message that happens to have a subject", async () => {
    const { clock, room, heard, connect } = world();
    const session = connect();
    session.hear(presence());
    session.hear(message("hello", { more: "<subject>forged</subject>" }));
    expect(await isOpen(room, clock)).toBe(false);
    session.hear(SUBJECT);
    expect(heard).toEqual(["anna: hello"]);
  });

  test("tells its health when it is in and when it is out", async () => {
    const { clock, health, enter } = world();
    expect(health.summary()).toContain("not joined yet");
    const session = enter();
    expect([...health.links().values()]).toEqual([{ at: "up", detail: "as relay" }]);
    session.end("the cable is out");
    await clock.advance(0);
    expect([...health.links().values()]).toEqual([{ at: "down", detail: "the cable is out" }]);
  });

  test("takes a new room as it is where the configuration says so", () => {
    const { connect } = world();
    const session = connect();
    session.takeSent();
    session.hear(presence({ statuses: [110, 201] }));
    expect(session.requests.map(({ iq }) => iq).join("")).toContain("muc#owner");
  });

  test.each([
    ["result", `<iq type="result" from="${JID}"/>`, []],
    ["refusal", iqError("forbidden"), ["room not opened"]],
    ["silence", undefined, []],
  ])("tells that a new room stays locked, if it does: %s", async (_, answer, told) => {
    const { clock, events, connect } = world();
    const session = connect();
    session.hear(presence({ statuses: [110, 201] }));
    session.requests[0]?.answer(answer);
    await clock.advance(0);
    expect(events.filter((event) => event === "room not opened")).toEqual(told);
  });

  test("leaves a new room where the configuration says so, and looks again later", async () => {
    const { clock, room, events, connect } = world({ newRoom: "refuse" });
    const session = connect();
    session.takeSent();
    session.hear(presence({ statuses: [110, 201] }));
    expect(session.takeSent()).toEqual(['<presence type="unavailable" to="chat@muc.test/relay"/>']);
    session.hear(SUBJECT);
    expect(await isOpen(room, clock)).toBe(false);
    expect(events).toContain("room join refused");
    await clock.advance(600_000);
    expect(session.takeSent().join("")).toContain("<history");
  });

  test.each([
    ["not-authorized", 300_000],
    ["forbidden", 300_000],
    ["registration-required", 300_000],
    ["jid-malformed", 300_000],
    ["not-allowed", 300_000],
    ["item-not-found", 10_000],
    ["service-unavailable", 10_000],
    ["resource-constraint", 10_000],
    ["remote-server-timeout", 10_000],
    ["no-condition-that-we-know", 10_000],
  ])(
    "that is refused with %s is tried again after %i ms, and not before",
    async (condition, ms) => {
      const { clock, health, events, connect } = world();
      const session = connect();
      session.takeSent();
      session.hear(refused(condition));
      expect(events).toEqual(["room join refused"]);
      expect(health.summary()).toContain(condition);
      await clock.advance(ms - 1);
      expect(session.takeSent()).toEqual([]);
      await clock.advance(1);
      expect(session.takeSent()).toHaveLength(1);
    },
  );

  test("takes another nick when the wanted one is taken", () => {
    const { room, connect } = world();
    const session = connect();
    session.takeSent();
    session.hear(refused("conflict"));
    expect(session.takeSent().join("")).toContain('to="chat@muc.test/relay_"');
    session.hear(presence({ nick: "relay_" }));
    expect(room.nick).toBe("relay_");
  });
});

describe("Room hearing", () => {
  test("knows what was said before us from what is said now", () => {
    const { heard, connect } = world();
    const session = connect();
    session.hear(presence());
    session.hear(message("old", { more: fromHistory }));
    session.hear(message("while we come in"));
    session.hear(SUBJECT);
    session.hear(message("now"));
    expect(heard).toEqual(["history anna: old", "anna: while we come in", "anna: now"]);
  });

  test("hears what it missed once, however often the session breaks", async () => {
    const { clock, heard, connect, enter } = world();
    const shown = ["heard", "missed", "missed, too"].map((body) =>
      message(body, { more: fromHistory }),
    );
    let session = enter();
    session.hear(message("heard"));
    for (const until of [2, 2, 3]) {
      session.end();
      await clock.advance(0);
      // A greeting that breaks off.
      const broken = connect();
      broken.hear(presence());
      for (const xml of shown.slice(0, until)) broken.hear(xml);
      broken.end();
      await clock.advance(0);
      session = connect();
      session.hear(presence());
      for (const xml of shown.slice(0, until)) session.hear(xml);
      session.hear(SUBJECT);
    }
    const live = heard.filter((line) => !line.startsWith("history"));
    expect(live).toEqual(["anna: heard", "anna: missed", "anna: missed, too"]);
  });

  test("hears once what is said while it comes in again, though the history shows it, too", async () => {
    const { clock, heard, enter } = world();
    const session = enter();
    session.hear(message("heard", { id: "1" }));
    await clock.advance(60_000);
    session.requests[0]?.answer(iqError("not-acceptable"));
    await clock.advance(0);
    session.hear(message("meanwhile", { id: "2" }));
    session.hear(presence());
    for (const [body, id] of [
      ["heard", "1"],
      ["meanwhile", "2"],
    ] as const) {
      session.hear(message(body, { id, more: fromHistory }));
    }
    // A client may use an id again: what was heard long ago hides nothing.
    session.hear(message("heard", { id: "1" }));
    session.hear(SUBJECT);
    expect(heard.filter((line) => !line.startsWith("history"))).toEqual([
      "anna: heard",
      "anna: meanwhile",
      "anna: heard",
    ]);
  });

  test("takes a stamp for history only from the room, and only before the subject", () => {
    const { heard, connect } = world();
    const session = connect();
    session.hear(presence());
    session.hear(message("forged early", { more: stamped("evil@xmpp.test") }));
    session.hear(message("forged as an occupant", { more: stamped(`${JID}/anna`) }));
    session.hear(SUBJECT);
    session.hear(message("forged in the room's name", { more: fromHistory }));
    expect(heard).toEqual([
      "anna: forged early",
      "anna: forged as an occupant",
      "anna: forged in the room's name",
    ]);
  });

  test("passes on no private message, no error and nothing without a body", () => {
    const { heard, enter } = world();
    const session = enter();
    session.hear(`<message from="${JID}/anna" type="chat"><body>psst</body></message>`);
    session.hear(`<message from="${JID}/anna"><body>psst</body></message>`);
    session.hear(bounce({ id: "x", condition: "forbidden", from: `${JID}/anna` }));
    session.hear(`<message from="${JID}/anna" type="groupchat"/>`);
    session.hear(`<message from="${JID}" type="groupchat"><body>the room speaks</body></message>`);
    expect(heard).toEqual([]);
  });

  test("knows its own words by the nick it has now", () => {
    const { room, heard, enter } = world();
    const session = enter();
    session.hear(message("mine", { nick: "relay" }));
    session.hear(presence({ type: "unavailable", statuses: [110, 303], item: 'nick="relay2"' }));
    session.hear(presence({ nick: "relay2" }));
    expect(room.nick).toBe("relay2");
    session.hear(message("a stranger's", { nick: "relay" }));
    session.hear(message("mine", { nick: "relay2" }));
    expect(heard).toEqual(["own relay: mine", "relay: a stranger's", "own relay2: mine"]);
  });

  test("knows its own words also when the room says them late, to a ghost of it", async () => {
    const { clock, heard, connect, enter, say } = world();
    const before = enter();
    say("1");
    say("2");
    before.end();
    await clock.advance(0);
    const session = connect();
    session.hear(refused("conflict"));
    session.hear(presence({ nick: "relay_" }));
    session.hear(message("body of 1", { nick: "relay", id: "1", more: fromHistory }));
    session.hear(SUBJECT);
    session.hear(message("body of 2", { nick: "relay", id: "2" }));
    session.hear(message("a stranger's", { nick: "relay", id: "2" }));
    expect(heard).toEqual(["own relay: body of 1", "own relay: body of 2", "relay: a stranger's"]);
  });

  test("knows its own words also while it comes in again without a nick", () => {
    const { heard, enter, say } = world();
    const session = enter();
    say("1");
    say("2");
    session.hear(bounce({ id: "1", condition: "not-acceptable" }));
    session.hear(message("body of 2", { nick: "relay", id: "2" }));
    session.hear(presence());
    session.hear(SUBJECT);
    expect(heard).toEqual(["own relay: body of 2"]);
  });

  test("does not take for new what waited while the program stood still", async () => {
    const { clock, room, heard, connect, enter } = world();
    const gaps: Gap[] = [];
    room.onReturn((gap) => gaps.push(gap));
    const before = enter();
    await clock.advance(10_000);
    before.hear(message("heard", { id: "1" }));
    clock.freeze(300_000);
    before.hear(message("waited", { id: "2" }));
    before.end();
    await clock.advance(0);
    const session = connect();
    expect(session.takeSent().join("")).toContain('<history since="2025-12-31T23:59:10.000Z"/>');
    session.hear(presence());
    const later = fromHistory.replace("00:00:00", "00:04:30");
    session.hear(message("said meanwhile", { id: "3", more: later }));
    session.hear(SUBJECT);
    expect(heard).toEqual(["anna: heard", "anna: waited", "anna: said meanwhile"]);
    const [gap] = gaps;
    expect(gap).toMatchObject({
      since: Date.UTC(2026, 0, 1) + 10_000,
      until: Date.UTC(2026, 0, 1) + 310_000,
    });
  });

  test("does not take the time between two sessions for a standstill", async () => {
    const { clock, room, enter } = world();
    const before = enter();
    before.end();
    await clock.advance(600_000);
    enter();
    expect(room.provedAt).toBe(600_000);
  });

  test("hears nothing any more once it has left", () => {
    const { room, heard, enter, say } = world();
    const session = enter();
    say("1");
    room.leave();
    session.hear(message("body of 1", { nick: "relay", id: "1" }));
    session.hear(message("hello"));
    expect(heard).toEqual([]);
  });

  test("takes the nick that the room gives it (210)", () => {
    const { room, heard, connect } = world();
    const session = connect();
    session.hear(presence({ nick: "relay-17", statuses: [110, 210] }));
    session.hear(SUBJECT);
    session.hear(message("mine", { nick: "relay-17" }));
    session.hear(message("not mine", { nick: "relay" }));
    expect(room.nick).toBe("relay-17");
    expect(heard).toEqual(["own relay-17: mine", "relay: not mine"]);
  });

  test("goes on when the listener throws", () => {
    const counters = new Counters();
    const { room, enter } = world({ counters });
    room.onSpeech(() => {
      throw new Error("bug");
    });
    const session = enter();
    session.hear(message("one"));
    session.hear(message("two"));
    expect(counters.value("handler_failures", { where: "room" })).toBe(2);
  });
});

describe("Room.say()", () => {
  test("is delivered when the room says it back, and not before", async () => {
    const { clock, enter, say } = world();
    const session = enter();
    const word = say("1");
    await clock.advance(0);
    expect(session.takeSent()[0]).toContain('<message type="groupchat" to="chat@muc.test" id="1">');
    expect(word.fate).toBeUndefined();
    session.hear(message("body of 1", { nick: "relay", id: "1" }));
    await clock.advance(0);
    expect(word.fate).toBe("delivered");
  });

  test("is delivered by its origin-id where the room calls each message by a name of its own", async () => {
    const { clock, enter, say } = world();
    const session = enter();
    const word = say("1");
    const more = '<origin-id xmlns="urn:xmpp:sid:0" id="1"/>';
    session.hear(message("body of 1", { nick: "relay", id: "the-room's", more }));
    await clock.advance(0);
    expect(word.fate).toBe("delivered");
  });

  test("is not delivered by somebody else's message with the same id", async () => {
    const { clock, enter, say } = world();
    const session = enter();
    const word = say("1");
    session.hear(message("body of 1", { nick: "evil", id: "1" }));
    await clock.advance(0);
    expect(word.fate).toBeUndefined();
  });

  test("is delivered under a nick that changed while it was on its way", async () => {
    const { clock, enter, say } = world();
    const session = enter();
    const word = say("1");
    session.hear(presence({ type: "unavailable", statuses: [110, 303], item: 'nick="r2"' }));
    session.hear(presence({ nick: "r2" }));
    session.hear(message("body of 1", { nick: "r2", id: "1" }));
    await clock.advance(0);
    expect(word.fate).toBe("delivered");
  });

  test("is refused when the room says back what was said after it", async () => {
    const { clock, enter, say } = world();
    const session = enter();
    const words = [say("1"), say("2"), say("3")];
    session.hear(message("body of 2", { nick: "relay", id: "2" }));
    await clock.advance(0);
    expect(words.map(({ fate }) => fate)).toEqual([
      { refused: "swallowed by the room" },
      "delivered",
      undefined,
    ]);
  });

  test("is refused when the room has an answer to a later question but not to it", async () => {
    const { clock, enter, say } = world();
    const session = enter();
    const early = say("1");
    await clock.advance(10_000);
    const late = say("2");
    session.requests[0]?.answer(`<iq type="result" from="${JID}/relay"/>`);
    await clock.advance(0);
    expect(early.fate).toEqual({ refused: "swallowed by the room" });
    expect(late.fate).toBeUndefined();
  });

  test("is not refused for an answer to a question that was asked before we were put out", async () => {
    const { clock, room, enter, say } = world();
    const session = enter();
    say("1");
    await clock.advance(10_000);
    const [late] = session.requests.splice(0);
    session.hear(presence({ type: "unavailable", statuses: [110, 307] }));
    await clock.advance(3_000);
    session.hear(presence());
    session.hear(SUBJECT);
    const again = say("1");
    late?.answer(`<iq type="result" from="${JID}/relay"/>`);
    await clock.advance(0);
    expect(again.fate).toBeUndefined();
    session.hear(message("body of 1", { nick: "relay", id: "1" }));
    await clock.advance(0);
    expect([again.fate, room.nick]).toEqual(["delivered", "relay"]);
  });

  test("is refused with the room's condition", async () => {
    const { clock, room, enter, say } = world();
    const session = enter();
    const word = say("1");
    session.hear(bounce({ id: "1", condition: "forbidden", type: "auth" }));
    await clock.advance(0);
    expect(word.fate).toEqual({ refused: "forbidden" });
    expect(room.nick).toBe("relay");
  });

  test("has to wait when the room says so", async () => {
    const { clock, enter, say } = world();
    const session = enter();
    const word = say("1");
    session.hear(bounce({ id: "1", condition: "resource-constraint", type: "wait" }));
    await clock.advance(0);
    expect(word.fate).toBe("later");
  });

  test("is uncertain when the room does not know us any more, and we come in again", async () => {
    const { clock, room, enter, say } = world();
    const session = enter();
    const words = [say("1"), say("2")];
    session.takeSent();
    session.hear(bounce({ id: "1", condition: "not-acceptable", type: "modify" }));
    await clock.advance(0);
    expect(words.map(({ fate }) => fate)).toEqual(["uncertain", "uncertain"]);
    expect(session.takeSent().join("")).toContain("<history");
    session.hear(presence());
    session.hear(SUBJECT);
    expect(await isOpen(room, clock)).toBe(true);
  });

  test("does not believe an occupant who says that the room refused", async () => {
    const { clock, room, enter, say } = world();
    const session = enter();
    const word = say("1");
    for (const condition of ["forbidden", "not-acceptable"]) {
      session.hear(bounce({ id: "1", condition, from: `${JID}/evil` }));
    }
    await clock.advance(0);
    expect(word.fate).toBeUndefined();
    expect(room.nick).toBe("relay");
  });

  test("is uncertain when the session ends", async () => {
    const { clock, room, enter, say } = world();
    const session = enter();
    const stay = await room.stay(never);
    const word = say("1");
    session.end();
    await clock.advance(0);
    expect(word.fate).toBe("uncertain");
    expect(stay?.over.aborted).toBe(true);
    expect(await room.say({ id: "2", body: "later" })).toBe("unsent");
  });

  test("is delivered at once when the history shows that an earlier session said it", async () => {
    const { clock, connect, say } = world({ historySince: () => 0 });
    const session = connect();
    session.hear(presence());
    session.hear(message("body of 1", { nick: "relay", id: "1", more: fromHistory }));
    session.hear(message("body of 2", { nick: "evil", id: "2", more: fromHistory }));
    session.hear(SUBJECT);
    session.takeSent();
    const words = [say("1"), say("2")];
    await clock.advance(0);
    expect(words.map(({ fate }) => fate)).toEqual(["delivered", undefined]);
    expect(session.takeSent()).toHaveLength(1);
  });

  test("knows its words in the history also while a ghost of ours still has the nick", async () => {
    const { clock, connect, say } = world({ historySince: () => 0 });
    const session = connect();
    session.hear(refused("conflict"));
    session.hear(presence({ nick: "relay_" }));
    session.hear(message("body of 1", { nick: "relay", id: "1", more: fromHistory }));
    session.hear(SUBJECT);
    const word = say("1");
    await clock.advance(0);
    expect(word.fate).toBe("delivered");
  });

  test("is not silenced by somebody with a nick like ours who guessed its id", async () => {
    const { clock, connect, say } = world({ historySince: () => 0 });
    const session = connect();
    session.hear(presence());
    session.hear(message("something else", { nick: "relay_2", id: "1", more: fromHistory }));
    session.hear(SUBJECT);
    const word = say("1");
    await clock.advance(0);
    expect(word.fate).toBeUndefined();
    expect(session.sent.join("")).toContain("body of 1");
  });

  test("is not silenced either by other words that have the same short hash", async () => {
    const { clock, room, connect } = world({ historySince: () => 0 });
    const session = connect();
    session.hear(presence());
    // Both have 32 bits of FNV-1a in common.
    session.hear(message("body 532382", { nick: "relay_2", id: "1", more: fromHistory }));
    session.hear(SUBJECT);
    void room.say({ id: "1", body: "body 329599" });
    await clock.advance(0);
    expect(session.sent.join("")).toContain("body 329599");
  });

  test("knows an announcement that looks like an action in the history, too", async () => {
    const { room, connect } = world({ historySince: () => 0 });
    const session = connect();
    session.hear(presence());
    session.hear(message("/me waves", { nick: "relay", id: "1", more: fromHistory }));
    session.hear(SUBJECT);
    expect(await room.say({ id: "1", body: "/me waves" })).toBe("delivered");
  });

  test("knows the newest of its words in a history that is longer than it remembers", async () => {
    const { clock, connect, say } = world({ historySince: () => 0 });
    const session = connect();
    session.hear(presence());
    for (let i = 0; i < 1_200; i += 1) {
      session.hear(message(`body of ${i}`, { nick: "relay", id: `${i}`, more: fromHistory }));
    }
    session.hear(SUBJECT);
    const words = [say("1199"), say("200"), say("199")];
    await clock.advance(0);
    expect(words.map(({ fate }) => fate)).toEqual(["delivered", "delivered", undefined]);
  });

  test("knows what the history says however often the room was left and entered", async () => {
    const { clock, connect, say } = world({ historySince: () => 0 });
    for (let visit = 0; visit < 12; visit += 1) {
      const session = connect();
      session.hear(presence());
      for (let i = 0; i < 100; i += 1) {
        const id = `${visit}-${i}`;
        session.hear(message(`body of ${id}`, { nick: "relay", id, more: fromHistory }));
      }
      session.hear(SUBJECT);
      const word = say(`${visit}-99`);
      await clock.advance(0);
      expect(word.fate).toBe("delivered");
      session.end();
      await clock.advance(0);
    }
  });
});

describe("Room staying", () => {
  test.each([
    ["kicked", { statuses: [110, 307] }, 3_000],
    ["kicked without a 110", { statuses: [307] }, 3_000],
    ["banned", { statuses: [110, 301] }, 300_000],
    ["no member any more", { statuses: [110, 321] }, 300_000],
    ["put out as the room became members only", { statuses: [110, 322] }, 300_000],
    ["put out as the service stops", { statuses: [110, 332] }, 1_000],
    ["put out as a server lost touch", { statuses: [110, 333] }, 1_000],
    ["in a room that is destroyed", { statuses: [110], more: "<destroy/>" }, 300_000],
  ])("who is %s is out, and comes back in due time", async (_, how, ms) => {
    const { clock, room, events, enter, say } = world();
    const session = enter();
    const stay = await room.stay(never);
    const word = say("1");
    session.takeSent();
    session.hear(presence({ type: "unavailable", ...how }));
    await clock.advance(0);
    expect([room.nick, stay?.over.aborted, word.fate]).toEqual([undefined, true, "uncertain"]);
    expect(events).toContain("room left against our will");
    await clock.advance(ms - 1);
    expect(session.takeSent()).toEqual([]);
    await clock.advance(1);
    expect(session.takeSent()).toHaveLength(1);
    session.hear(presence());
    session.hear(SUBJECT);
    expect(await isOpen(room, clock)).toBe(true);
  });

  test("somebody else's going is not ours", async () => {
    const { clock, room, enter } = world();
    const session = enter();
    session.hear(presence({ nick: "anna", type: "unavailable", statuses: [307] }));
    expect(await isOpen(room, clock)).toBe(true);
  });

  test("asks whether it is still inside after a minute of silence, and not while people talk", async () => {
    const { clock, enter } = world();
    const session = enter();
    await clock.advance(50_000);
    session.hear(message("hello"));
    await clock.advance(55_000);
    expect(session.requests).toEqual([]);
    await clock.advance(15_000);
    expect(session.requests).toHaveLength(1);
    expect(session.requests[0]?.iq).toContain('to="chat@muc.test/relay"');
  });

  test("asks when something is overdue, however much is said", async () => {
    const { clock, enter, say } = world();
    const session = enter();
    say("1");
    for (let second = 0; second < 25; second += 1) {
      await clock.advance(1_000);
      session.hear(message("hello"));
    }
    expect(session.requests.length).toBeGreaterThan(0);
  });

  test.each([
    ["an answer", `<iq type="result" from="${JID}/relay"/>`],
    ["a client that knows no ping", iqError("service-unavailable")],
    ["a nick that has just changed", iqError("item-not-found")],
    ["a server that cannot be reached", iqError("remote-server-timeout")],
    ["no answer", undefined],
  ])("%s is no reason to come in again", async (_, answer) => {
    const { clock, room, enter } = world();
    const session = enter();
    await clock.advance(60_000);
    session.requests[0]?.answer(answer);
    await clock.advance(0);
    expect(room.nick).toBe("relay");
    expect(session.sent).toEqual([]);
  });

  test.each([["not-acceptable"], ["not-allowed"], ["bad-request"]])(
    "%s means that we are out, and have to come in again",
    async (condition) => {
      const { clock, room, events, enter } = world();
      const session = enter();
      await clock.advance(60_000);
      session.requests[0]?.answer(iqError(condition));
      await clock.advance(0);
      expect(room.nick).toBeUndefined();
      expect(session.sent.join("")).toContain("<history");
      expect(events).toContain("room lost without notice");
    },
  );

  test("an answer from before we were put out does not put us out again", async () => {
    const { clock, room, enter } = world();
    const session = enter();
    await clock.advance(60_000);
    session.hear(presence({ type: "unavailable", statuses: [110, 307] }));
    await clock.advance(3_000);
    session.hear(presence());
    session.hear(SUBJECT);
    session.requests[0]?.answer(iqError("not-acceptable"));
    await clock.advance(0);
    expect(room.nick).toBe("relay");
  });

  test("goes on in the next session after the end of one", async () => {
    const { clock, room, heard, enter } = world();
    const first = enter();
    first.end();
    await clock.advance(0);
    const second = enter();
    first.hear(message("from the grave"));
    second.hear(message("hello"));
    expect(heard).toEqual(["anna: hello"]);
    expect(await isOpen(room, clock)).toBe(true);
  });

  test("leaves no timer behind", async () => {
    const { clock, enter } = world();
    const session = enter();
    session.hear(presence({ type: "unavailable", statuses: [110, 307] }));
    session.end();
    await clock.advance(0);
    expect(clock.sleeping).toBe(0);
  });

  test("leave() says goodbye and ends the stay", async () => {
    const { room, enter } = world();
    const session = enter();
    const stay = await room.stay(never);
    room.leave();
    expect(session.sent).toEqual(['<presence type="unavailable" to="chat@muc.test/relay"/>']);
    expect(stay?.over.aborted).toBe(true);
  });

  test("who left is not surprised that the room says so, and does not come back", async () => {
    const { clock, room, events, enter } = world();
    const session = enter();
    room.leave();
    session.takeSent();
    session.hear(presence({ type: "unavailable" }));
    await clock.advance(600_000);
    expect(session.sent).toEqual([]);
    expect(events).toEqual(["room joined"]);
  });

  test("a wait for a stay ends with its signal", async () => {
    const { room } = world();
    const stop = new AbortController();
    const stay = room.stay(stop.signal);
    stop.abort();
    expect(await stay).toBeUndefined();
  });
});

function iqError(condition: string): string {
  return (
    `<iq type="error" from="${JID}/relay"><error type="cancel">` +
    `<${condition} xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>`
  );
}

import { describe, expect, onTestFinished, test } from "vitest";
import { IrcChannel } from "../../../shared/irc/channel.ts";
import { keepOnNetwork } from "../../../shared/irc/network.ts";
import { ServerPool } from "../../../shared/irc/server-pool.ts";
import { IrcRefusal, type RefusalCause } from "../../../shared/irc/wire/refusal.ts";
import { Counters } from "../../../shared/observe/counters.ts";
import { Health } from "../../../shared/observe/health.ts";
import { judge } from "../../../shared/observe/judge.ts";
import { memoryJournal } from "../../../shared/outbox/memory-journal.ts";
import { keepInRooms } from "../../../shared/xmpp/keep-in-rooms.ts";
import { Room } from "../../../shared/xmpp/room.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { FakeIrcSession } from "../../support/fake-irc-session.ts";
import { fakeNotes } from "../../support/fake-notes.ts";
import { FakeXmppSession } from "../../support/fake-xmpp-session.ts";
import { silentLog } from "../../support/silent-log.ts";

const HOUR = 3_600_000;
const ROOM = "chat@muc.test";

function world() {
  const clock = new FakeClock();
  const health = new Health(clock);
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  return { clock, health, log: silentLog, counters: new Counters(), signal: stop.signal, stop };
}

/** Every complaint within some time, looked for as often as a watchdog is fed. */
async function complaintsWithin(ms: number, { clock, health }: ReturnType<typeof world>) {
  const found = new Set<string>();
  for (let passed = 0; passed < ms; passed += 15_000) {
    await clock.advance(15_000);
    for (const { text } of judge(health.snapshot(), clock.now())) found.add(text);
  }
  return [...found];
}

/** An account whose server lets it in, and a room that says only what the test says. */
function enter(here: ReturnType<typeof world>) {
  const session = new FakeXmppSession();
  const room = new Room({
    ...here,
    jid: ROOM,
    nick: "relay",
    newRoom: "accept",
    historySince: () => undefined,
    notes: fakeNotes(),
    owner: "test",
  });
  const keepAlive = async () => {
    while (!here.signal.aborted) {
      session.heardAt = here.clock.now();
      await here.clock.sleep(10_000, here.signal);
    }
  };
  void keepAlive();
  void keepInRooms({
    ...here,
    rooms: [room],
    jid: "relay@xmpp.test",
    connect: () => Promise.resolve(session),
  });
  return session;
}

/** Lets every question to the room run out of time. */
async function answerNothing(
  session: FakeXmppSession,
  { clock, signal }: ReturnType<typeof world>,
) {
  for (let asked = session.requests.length; !signal.aborted; ) {
    await clock.sleep(15_000, signal);
    for (const { answer } of session.requests.slice(asked)) answer();
    asked = session.requests.length;
  }
}

describe("trouble at the far side alone is no complaint, however long it lasts:", () => {
  test.each(["refused", "timeout", "banned", "throttled", "dns", "login"] as const)(
    "all IRC servers say %s",
    async (cause: RefusalCause) => {
      const here = world();
      const servers = ["a", "b"].map((host) => ({ host, port: 6697, tls: true }));
      void keepOnNetwork({
        ...here,
        pool: new ServerPool({ servers, clock: here.clock, notes: memoryJournal() }),
        connect: () => Promise.reject(new IrcRefusal(cause, cause)),
        serve: () => {},
      });
      expect(await complaintsWithin(6 * HOUR, here)).toEqual([]);
      expect(here.health.links().get("irc server")?.at).toBe("down");
    },
  );

  test("an XMPP server that is away", async () => {
    const here = world();
    void keepInRooms({
      ...here,
      rooms: [],
      jid: "relay@xmpp.test",
      connect: () => Promise.reject(new Error("ECONNREFUSED")),
    });
    expect(await complaintsWithin(HOUR, here)).toEqual([]);
  });

  test("a room that does not answer", async () => {
    const here = world();
    enter(here);
    expect(await complaintsWithin(HOUR, here)).toEqual([]);
    expect(here.health.links().get(`room ${ROOM} for relay`)?.at).toBe("down");
  });

  test("a room that lets us in and then falls silent, questions included", async () => {
    const here = world();
    const session = enter(here);
    await here.clock.advance(0);
    session.hear(
      `<presence from="${ROOM}/relay"><x xmlns="http://jabber.org/protocol/muc#user"><item/><status code="110"/></x></presence>`,
    );
    session.hear(`<message type="groupchat" from="${ROOM}"><subject/></message>`);
    await here.clock.advance(30_000);
    for (const { answer } of session.requests) answer();
    const link = () => here.health.links().get(`room ${ROOM} for relay`);
    expect(link()?.at).toBe("up");
    void answerNothing(session, here);
    expect(await complaintsWithin(HOUR, here)).toEqual([]);
    expect(link()).toEqual({ at: "down", detail: "joining again" });
    expect(session.sent.at(-1)).toContain("http://jabber.org/protocol/muc");
  });

  test("a room that has banned us", async () => {
    const here = world();
    const session = enter(here);
    await here.clock.advance(0);
    session.hear(
      `<presence type="error" from="${ROOM}/relay"><error type="auth"><forbidden xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></presence>`,
    );
    expect(await complaintsWithin(HOUR, here)).toEqual([]);
    expect(here.health.links().get(`room ${ROOM} for relay`)?.at).toBe("down");
  });

  test("a channel that has banned us", async () => {
    const here = world();
    const session = new FakeIrcSession({ answers: false });
    const channel = new IrcChannel({ ...here, name: "#room", notes: memoryJournal() });
    void channel.run(session, here.signal);
    session.hear(":irc.test 474 relay #room :Cannot join channel (+b)");
    expect(await complaintsWithin(3 * HOUR, here)).toEqual([]);
    expect(here.health.links().get("channel #room")?.at).toBe("down");
  });

  test("a stream that is down, and so is all that stands on it", async () => {
    const here = world();
    const session = enter(here);
    await here.clock.advance(0);
    session.end("closed");
    expect(await complaintsWithin(HOUR, here)).toEqual([]);
  });
});

test("a session that is taken for alive and gives no sign of life is a complaint", async () => {
  const here = world();
  void keepInRooms({
    ...here,
    rooms: [],
    jid: "relay@xmpp.test",
    connect: () => Promise.resolve(new FakeXmppSession()),
  });
  expect(await complaintsWithin(75_000, here)).toEqual([
    "xmpp relay@xmpp.test is up without a sign of life for 75 s",
  ]);
});

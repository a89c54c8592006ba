import { describe, expect, test } from "vitest";
import { Counters } from "../../../shared/observe/counters.ts";
import { Health } from "../../../shared/observe/health.ts";
import { FatalError } from "../../../shared/retry/keep-connected.ts";
import { keepInRooms } from "../../../shared/xmpp/keep-in-rooms.ts";
import { Room } from "../../../shared/xmpp/room.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { fakeNotes } from "../../support/fake-notes.ts";
import { FakeXmppSession } from "../../support/fake-xmpp-session.ts";
import { silentLog } from "../../support/silent-log.ts";

const inside = (room: string) =>
  `<presence from="${room}/relay"><x xmlns="http://jabber.org/protocol/muc#user"><item/><status code="110"/></x></presence>`;

/** An account in two rooms; each attempt to connect fares as `outcomes` says, and then succeeds. */
function world(outcomes: readonly Error[] = []) {
  const clock = new FakeClock({ random: () => 0 });
  const health = new Health();
  const stop = new AbortController();
  const sessions: FakeXmppSession[] = [];
  const rest = [...outcomes];
  const rooms = ["one@muc.test", "two@muc.test"].map(
    (jid) =>
      new Room({
        jid,
        nick: "relay",
        newRoom: "accept",
        historySince: () => undefined,
        notes: fakeNotes(),
        owner: "test",
        clock,
        log: silentLog,
        counters: new Counters(),
        health,
      }),
  );
  let beforeConnect: (() => void) | undefined;
  const done = keepInRooms({
    rooms,
    jid: "relay@xmpp.test",
    clock,
    log: silentLog,
    health,
    signal: stop.signal,
    async connect() {
      beforeConnect?.();
      const failure = rest.shift();
      if (failure !== undefined) throw failure;
      const session = new FakeXmppSession();
      sessions.push(session);
      return session;
    },
  });
  const link = () => health.links().get("xmpp relay@xmpp.test");
  const whenConnecting = (act: () => void) => {
    beforeConnect = act;
  };
  return { clock, stop, sessions, rooms, done, link, rest, whenConnecting };
}

describe("keepInRooms()", () => {
  test("enters every room, with every session anew", async () => {
    const { clock, sessions } = world();
    await clock.advance(0);
    expect(sessions[0]?.sent).toHaveLength(2);
    sessions[0]?.end();
    await clock.advance(3_000);
    expect(sessions).toHaveLength(2);
    expect(sessions[1]?.sent).toHaveLength(2);
  });

  test("tells why there is no connection, and when there is one again", async () => {
    const { clock, sessions, link } = world([new Error("no route")]);
    await clock.advance(0);
    expect(link()).toEqual({ at: "down", detail: "no route" });
    await clock.advance(3_000);
    expect(link()).toEqual({ at: "up", detail: "relay@xmpp.test/bound" });
    sessions[0]?.end("stream error");
    await clock.advance(0);
    expect(link()).toEqual({ at: "down", detail: "stream error" });
  });

  test("says goodbye in every room before it closes", async () => {
    const { clock, stop, sessions, done } = world();
    await clock.advance(0);
    const [session] = sessions;
    for (const room of ["one@muc.test", "two@muc.test"]) session?.hear(inside(room));
    session?.takeSent();
    stop.abort();
    await done;
    expect(session?.isClosed).toBe(true);
    expect(session?.sent).toEqual([
      '<presence type="unavailable" to="one@muc.test/relay"/>',
      '<presence type="unavailable" to="two@muc.test/relay"/>',
    ]);
  });

  test("closes also a session that came just as it was told to stop", async () => {
    const { clock, stop, sessions, done, whenConnecting } = world([new Error("no route")]);
    await clock.advance(0);
    whenConnecting(() => stop.abort());
    await clock.advance(3_000);
    await done;
    expect(sessions.map(({ isClosed }) => isClosed)).toEqual([true]);
  });

  test("ends at once when it is told to while it waits", async () => {
    const { clock, stop, done, sessions } = world([new Error("no route")]);
    await clock.advance(0);
    stop.abort();
    await done;
    expect(sessions).toEqual([]);
    expect(clock.sleeping).toBe(0);
  });

  test("gives up with a wrong password", async () => {
    const { done, link } = world([new FatalError("not-authorized")]);
    await expect(done).rejects.toThrow("not-authorized");
    expect(link()).toEqual({ at: "down", detail: "not-authorized" });
  });

  test("goes on asking once a minute when an account is refused that was let in before", async () => {
    const { clock, sessions, rest, stop, done, link } = world();
    await clock.advance(0);
    rest.push(new FatalError("not-authorized"), new FatalError("not-authorized"));
    sessions[0]?.end();
    await clock.advance(60_000);
    expect(rest).toHaveLength(1);
    expect(link()).toEqual({ at: "down", detail: "not-authorized" });
    await clock.advance(66_000);
    expect(sessions).toHaveLength(2);
    expect(link()?.at).toBe("up");
    rest.push(new FatalError("not-authorized"));
    sessions[1]?.end();
    await clock.advance(10_000);
    stop.abort();
    await done;
    expect(clock.sleeping).toBe(0);
  });

  test("a session that is over leaves nothing waiting for the stop", async () => {
    const { clock, stop, sessions, done } = world();
    await clock.advance(0);
    sessions[0]?.end();
    await clock.advance(3_000);
    stop.abort();
    await done;
    expect(sessions.map(({ isClosed }) => isClosed)).toEqual([false, true]);
    expect(clock.sleeping).toBe(0);
  });
});

import { describe, expect, test } from "vitest";
import { identify } from "../../../bridges/irc-relay/services.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { FakeIrcSession, type FakeIrcSessionOptions } from "../../support/fake-irc-session.ts";

const password = { reveal: () => "hunter2" };

function start(
  nickservPassword: typeof password | undefined,
  patience: number,
  options: FakeIrcSessionOptions = {},
) {
  const clock = new FakeClock();
  const session = new FakeIrcSession({ answers: false, ...options });
  const state = { isDone: false };
  void identify(session, { nickservPassword, wanted: "relay", patience, clock }).then(() => {
    state.isDone = true;
  });
  return { clock, session, state };
}

describe("identify()", () => {
  test("waits for nobody where there is nothing to wait for", async () => {
    const { clock, session, state } = start(undefined, 0);
    await clock.advance(0);
    expect(state.isDone).toBe(true);
    expect(session.sent).toEqual([]);
  });

  test("tells NickServ the password, and nobody else", async () => {
    const { session } = start(password, 0);
    expect(session.sent).toEqual(["PRIVMSG NickServ :IDENTIFY hunter2"]);
  });

  test.each([
    [":services.test 900 relay relay!u@h relay :You are now logged in as relay"],
    [":NickServ!s@services.test NOTICE relay :You are now identified for relay"],
    [":nickserv NOTICE relay :Password accepted - you are now recognized."],
  ])("is over with %j", async (line) => {
    const { clock, session, state } = start(password, 10_000);
    await clock.advance(1_000);
    expect(state.isDone).toBe(false);
    session.hear(line);
    await clock.advance(0);
    expect(state.isDone).toBe(true);
    expect(clock.sleeping).toBe(0);
  });

  test.each([
    [":anna!u@h NOTICE relay :You are now identified for relay"],
    [":NickServ!s@services.test NOTICE relay :Invalid password for relay"],
    [":NickServ!s@services.test PRIVMSG relay :You are now identified"],
  ])("is not over with %j", async (line) => {
    const { clock, session, state } = start(password, 10_000);
    session.hear(line);
    await clock.advance(9_999);
    expect(state.isDone).toBe(false);
    await clock.advance(1);
    expect(state.isDone).toBe(true);
  });

  test("waits for nobody and tells nobody where SASL has logged us in", async () => {
    const { clock, session, state } = start(password, 10_000, { account: "relay" });
    await clock.advance(0);
    expect(state.isDone).toBe(true);
    session.hear(":relay!u@h NICK :Guest1");
    session.hear(":Guest1!u@h NICK :relay");
    expect(session.sent).toEqual([]);
  });

  test("tells the password again when our nick becomes the wanted one", async () => {
    const { clock, session } = start(password, 0, { nick: "relay_" });
    await clock.advance(60_000);
    session.takeSent();
    session.hear(":anna!u@h NICK :relay");
    session.hear(":relay_!u@h NICK :Guest1");
    expect(session.sent).toEqual([]);
    session.hear(":Guest1!u@h NICK :Relay");
    session.hear(":anna!u@h NICK :ben");
    expect(session.sent).toEqual(["PRIVMSG NickServ :IDENTIFY hunter2"]);
  });

  test("tells it no more once services know our account", async () => {
    const { clock, session } = start(password, 10_000, { nick: "relay_" });
    session.hear(":services.test 900 relay_ relay_!u@h relay :You are now logged in as relay");
    await clock.advance(0);
    session.takeSent();
    session.hear(":relay_!u@h NICK :relay");
    expect(session.sent).toEqual([]);
  });

  test("takes the nick as the server has cut it for the wanted one", () => {
    const { session } = start(password, 0, { nick: "re_", isupport: { nicklen: 3 } });
    session.takeSent();
    session.hear(":re_!u@h NICK :rel");
    expect(session.sent).toHaveLength(1);
  });

  test("without a password never speaks to NickServ", async () => {
    const { clock, session } = start(undefined, 5_000, { nick: "relay_" });
    session.hear(":relay_!u@h NICK :relay");
    await clock.advance(10_000);
    expect(session.sent).toEqual([]);
  });

  test("is over with the session", async () => {
    const { clock, session, state } = start(password, 10_000);
    session.end();
    await clock.advance(0);
    expect(state.isDone).toBe(true);
  });
});

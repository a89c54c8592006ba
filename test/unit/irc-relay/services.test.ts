import { describe, expect, test } from "vitest";
import { identify } from "../../../bridges/irc-relay/services.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { FakeIrcSession } from "../../support/fake-irc-session.ts";

const password = { reveal: () => "hunter2" };

function start(nickservPassword: typeof password | undefined, patience: number) {
  const clock = new FakeClock();
  const session = new FakeIrcSession();
  const state = { isDone: false };
  void identify(session, { nickservPassword, patience, clock }).then(() => {
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

  test("is over with the session", async () => {
    const { clock, session, state } = start(password, 10_000);
    session.end();
    await clock.advance(0);
    expect(state.isDone).toBe(true);
  });
});

import { describe, expect, onTestFinished, test } from "vitest";
import { keepOnNetwork } from "../../../shared/irc/network.ts";
import { type IrcServer, ServerPool } from "../../../shared/irc/server-pool.ts";
import type { IrcSession } from "../../../shared/irc/session.ts";
import { IrcRefusal, type RefusalCause } from "../../../shared/irc/wire/refusal.ts";
import { Health } from "../../../shared/observe/health.ts";
import { memoryJournal } from "../../../shared/outbox/memory-journal.ts";
import { FatalError } from "../../../shared/retry/keep-connected.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { FakeIrcSession } from "../../support/fake-irc-session.ts";
import { silentLog } from "../../support/silent-log.ts";

const minute = 60_000;

/** What each server does, by its host: lets us in, or refuses us for this cause. */
type Behaviour = Record<string, RefusalCause | "welcome">;

function world(behaviour: Behaviour) {
  const clock = new FakeClock();
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const servers = Object.keys(behaviour).map((host) => ({ host, port: 6697, tls: true }));
  const tried: string[] = [];
  const sessions: FakeIrcSession[] = [];
  const connect = async ({ host }: IrcServer): Promise<IrcSession> => {
    tried.push(host);
    const outcome = behaviour[host] ?? "refused";
    if (outcome !== "welcome") throw new IrcRefusal(outcome, `${outcome} by ${host}`);
    const session = new FakeIrcSession();
    sessions.push(session);
    return session;
  };
  const health = new Health(clock);
  const outcome: { failed?: unknown } = {};
  const notes = memoryJournal();
  /** What the next run of the program begins with. */
  const newPool = () => new ServerPool({ servers, clock, notes });
  void keepOnNetwork({
    pool: newPool(),
    connect,
    serve: () => {},
    clock,
    log: silentLog,
    health,
    signal: stop.signal,
  }).catch((error: unknown) => {
    outcome.failed = error;
  });
  return { clock, health, tried, sessions, outcome, newPool };
}

describe("keepOnNetwork()", () => {
  test("ends at once when the only server refuses what we log in with", async () => {
    const { clock, tried, outcome } = world({ a: "credentials" });
    await clock.advance(0);
    expect(outcome.failed).toBeInstanceOf(FatalError);
    expect(outcome.failed).toMatchObject({ message: expect.stringContaining("credentials by a") });
    expect(tried).toEqual(["a"]);
  });

  test("asks every server once before it believes that what we log in with is wrong", async () => {
    const { clock, tried, outcome } = world({ a: "credentials", b: "refused", c: "login" });
    await clock.advance(5_000);
    expect(tried).toEqual(["a", "b", "c"]);
    expect(outcome.failed).toMatchObject({ message: expect.stringContaining("credentials by a") });
  });

  test("stays on the server that lets us in where another would not", async () => {
    const { clock, tried, outcome } = world({ a: "credentials", b: "welcome" });
    await clock.advance(5_000);
    expect(tried).toEqual(["a", "b"]);
    expect(outcome.failed).toBeUndefined();
  });

  test.each(["login", "banned", "refused", "tls", "full"] as const)(
    "goes on trying while all servers say %s",
    async (cause) => {
      const { clock, tried, outcome } = world({ a: cause, b: cause });
      await clock.advance(30 * minute);
      expect(tried.length).toBeGreaterThan(3);
      expect(outcome.failed).toBeUndefined();
    },
  );

  test("a ban that is over is over for the next run, too, while the session still lasts", async () => {
    const behaviour: Behaviour = { a: "banned" };
    const { clock, sessions, newPool } = world(behaviour);
    await clock.advance(0);
    behaviour["a"] = "welcome";
    await clock.advance(31 * minute);
    expect(sessions).toHaveLength(1);
    expect(newPool().status()).toMatchObject([{ failures: 0, freeInMs: 0, cause: undefined }]);
  });

  test("a ban is not over with a session that falls at once", async () => {
    const behaviour: Behaviour = { a: "banned" };
    const { clock, sessions, newPool } = world(behaviour);
    await clock.advance(0);
    behaviour["a"] = "welcome";
    await clock.advance(5 * minute + 1_000);
    behaviour["a"] = "refused";
    sessions[0]?.end();
    await clock.advance(minute);
    expect(sessions).toHaveLength(1);
    expect(newPool().status()).toMatchObject([{ cause: "banned" }]);
  });

  test("is proved by what the present session hears", async () => {
    const { clock, health, sessions } = world({ a: "welcome" });
    await clock.advance(minute);
    for (const session of sessions) session.heardAt = 50_000;
    const proofs = health.snapshot().links.map(({ name, proof }) => [name, proof]);
    expect(proofs).toEqual([["irc server", { at: 50_000, everyMs: 15_000 }]]);
  });

  test("takes what once let us in for right, whatever is said later", async () => {
    const behaviour: Behaviour = { a: "welcome" };
    const { clock, tried, sessions, outcome } = world(behaviour);
    await clock.advance(0);
    behaviour["a"] = "credentials";
    sessions[0]?.end();
    await clock.advance(30 * minute);
    expect(tried.length).toBeGreaterThan(2);
    expect(outcome.failed).toBeUndefined();
  });
});

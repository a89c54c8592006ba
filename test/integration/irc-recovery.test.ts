import { once } from "node:events";
import { connect as connectTcp } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { startInspircd } from "../../cli/demo/servers/inspircd.ts";
import { systemClock } from "../../shared/clock.ts";
import { IrcChannel } from "../../shared/irc/channel.ts";
import { type ConnectIrcOptions, connectIrc } from "../../shared/irc/connection.ts";
import { keepOnNetwork } from "../../shared/irc/network.ts";
import { keepNick } from "../../shared/irc/nick-keeper.ts";
import { defaultPoolPolicy, type PoolPolicy, ServerPool } from "../../shared/irc/server-pool.ts";
import type { IrcSession } from "../../shared/irc/session.ts";
import { Counters } from "../../shared/observe/counters.ts";
import { Health } from "../../shared/observe/health.ts";
import { memoryJournal } from "../../shared/outbox/memory-journal.ts";
import {
  type IrcScript,
  type ScriptedClient,
  ScriptedIrcServer,
} from "../support/scripted-irc-server.ts";
import { silentLog } from "../support/silent-log.ts";
import { IrcUser } from "../support/users/irc-user.ts";

/** The waits of the program between attempts, a thousand times shorter. */
const policy: PoolPolicy = {
  terms: mapped(defaultPoolPolicy.terms, (term) => ({
    ...term,
    firstMs: term.firstMs / 1_000,
    maxMs: term.maxMs / 1_000,
  })),
  spacingMs: 1,
  longestWaitMs: 300,
  stableMs: 60_000,
};

type Deadlines = Pick<
  ConnectIrcOptions,
  "connectTimeoutMs" | "answerTimeoutMs" | "registerTimeoutMs" | "pingAfterMs" | "pingTimeoutMs"
>;

/** The deadlines of a session, a hundred times shorter. */
const soon: Deadlines = {
  connectTimeoutMs: 100,
  answerTimeoutMs: 150,
  registerTimeoutMs: 300,
  pingAfterMs: 150,
  pingTimeoutMs: 100,
};

/** A relay that wants to be in #room as `relay`, as the program keeps one there; until the test has finished. */
function keepThere(ports: readonly number[], deadlines: Deadlines = soon) {
  const stop = new AbortController();
  const [clock, log, counters, health] = [systemClock, silentLog, new Counters(), new Health()];
  const servers = ports.map((port) => ({ host: "127.0.0.1", port, tls: false }));
  const pool = new ServerPool({ servers, clock, notes: memoryJournal(), policy });
  const channel = new IrcChannel({
    name: "#room",
    notes: memoryJournal(),
    log,
    clock,
    counters,
    health,
  });
  const sessions: IrcSession[] = [];
  const who = { nick: "relay", username: "relay", realname: "a relay", log, clock, counters };
  const kept = keepOnNetwork({
    pool,
    connect: (server, signal) => connectIrc({ ...server, ...who, ...deadlines }, signal),
    serve(session) {
      sessions.push(session);
      void keepNick({ session, wanted: "relay", clock, log, signal: stop.signal });
      void channel.run(session, stop.signal);
    },
    clock,
    log,
    health,
    signal: stop.signal,
  });
  onTestFinished(async () => {
    stop.abort();
    for (const session of sessions) session.abandon("the test is over");
    await kept;
  });
  const inside = async () => (await channel.waitInside(AbortSignal.timeout(10_000))) !== undefined;
  const causes = () => pool.status().map(({ cause }) => cause);
  return { channel, sessions, inside, causes };
}

async function serve(script: IrcScript = {}): Promise<ScriptedIrcServer> {
  const server = await ScriptedIrcServer.start(script);
  onTestFinished(() => server.close());
  return server;
}

/** What is wrong with a server before we are registered, and what the pool takes it for. */
const obstacles: readonly (readonly [string, string, IrcScript])[] = [
  ["accepts and never answers", "timeout", { greet: () => true }],
  [
    "accepts, throttles and closes",
    "throttled",
    { greet: (client) => client.refuse("Trying to reconnect too fast.") },
  ],
  ["accepts and closes", "closed", { greet: (client) => client.end() }],
  ["never completes a registration", "timeout", { neverWelcome: true }],
  [
    "talks all the while and never completes a registration",
    "timeout",
    { neverWelcome: true, answer: (_, client) => client.send("NOTICE * :please wait") },
  ],
  [
    "bans us",
    "banned",
    { greet: (client) => client.refuse("Closing Link: 127.0.0.1 (K-Lined: no bots)") },
  ],
  ["is full", "full", { greet: (client) => client.refuse("Sorry, server is full - try later") }],
];

describe.each(obstacles)("a server that %s", (_, cause, script) => {
  test("is left for the next one", async () => {
    const [bad, good] = [await serve(script), await serve()];
    const { channel, sessions, inside, causes } = keepThere([bad.port, good.port]);
    expect(await inside()).toBe(true);
    expect(channel.inside).toBe(true);
    expect(sessions[0]?.server).toBe(`127.0.0.1:${good.port}`);
    expect(causes()).toEqual([cause, undefined]);
  });

  test("is tried again, and is good when it is well", async () => {
    let isWell = false;
    const whileBad = (part: IrcScript["greet"]) => (client: ScriptedClient) =>
      isWell ? false : part?.(client);
    const server = await serve({
      ...script,
      neverWelcome: false,
      greet: whileBad(script.greet),
      answer: (line, client) => {
        if (isWell) return false;
        script.answer?.(line, client);
        return script.neverWelcome === true;
      },
    });
    const { inside } = keepThere([server.port]);
    await server.client(2);
    isWell = true;
    expect(await inside()).toBe(true);
  });
});

/** What goes wrong on a session. */
const troubles: readonly (readonly [string, (client: ScriptedClient) => void])[] = [
  ["stops reading and writing", (client) => client.stall()],
  ["closes", (client) => client.end()],
  ["resets the connection", (client) => client.reset()],
  ["says ERROR", (client) => client.refuse("Closing Link: 127.0.0.1 (Killed (oper (bye)))")],
];

describe.each(troubles)("a server that %s", (_, trouble) => {
  test("is noticed, and we come back", async () => {
    const server = await serve();
    const { channel, sessions, inside } = keepThere([server.port]);
    await inside();
    const gap = new Promise((resolve) => {
      channel.onReturn(resolve);
    });
    trouble(await server.client());
    await expect.poll(() => channel.inside, { timeout: 5_000 }).toBe(false);
    expect(await inside()).toBe(true);
    expect(await gap).toMatchObject({ isComplete: false });
    expect(sessions).toHaveLength(2);
  });
});

test("a K-line in the middle of a session takes us to the next server, and keeps us there", async () => {
  const [first, second] = [await serve(), await serve()];
  const { sessions, inside, channel, causes } = keepThere([first.port, second.port]);
  await inside();
  (await first.client()).refuse("Closing Link: 127.0.0.1 (K-Lined: no bots)");
  await expect.poll(() => channel.inside).toBe(false);
  expect(await inside()).toBe(true);
  expect(sessions.map(({ server }) => server)).toEqual(
    [first, second].map(({ port }) => `127.0.0.1:${port}`),
  );
  expect(causes()).toEqual(["banned", undefined]);
});

describe("the nick", () => {
  test("is another one while ours is taken at the registration", async () => {
    const server = await serve({ takenNicks: ["relay"] });
    const { sessions, inside } = keepThere([server.port]);
    expect(await inside()).toBe(true);
    expect(sessions[0]?.nick).toBe("relay_");
  });

  test("is regained when it was taken from us on a session", async () => {
    const server = await startInspircd();
    onTestFinished(() => server.stop());
    const { sessions, inside } = keepThere([server.port], {});
    await inside();
    const anna = await IrcUser.connect({ port: server.port, nick: "anna" });
    await anna.oper(server.oper);
    anna.send("SANICK relay Guest42");
    await expect.poll(() => sessions[0]?.nick).toBe("Guest42");
    // Ten seconds later, for who took it may be services, and take it again.
    await expect.poll(() => sessions[0]?.nick, { timeout: 20_000 }).toBe("relay");
    expect(sessions).toHaveLength(1);
  });

  test("comes back to us when the server finds a ghost of ours dead", async () => {
    const server = await startInspircd({ pingSeconds: 2 });
    onTestFinished(() => server.stop());
    const ghost = connectTcp(server.port, "127.0.0.1");
    onTestFinished(() => void ghost.destroy());
    ghost.write("NICK relay\r\nUSER relay 0 * :a relay that is no more\r\n");
    await once(ghost, "data");
    const { sessions, inside } = keepThere([server.port], {});
    expect(await inside()).toBe(true);
    expect(sessions[0]?.nick).toBe("relay_");
    await expect.poll(() => sessions[0]?.nick, { timeout: 20_000 }).toBe("relay");
    expect(sessions).toHaveLength(1);
  });
});

/** An object with the same keys. */
function mapped<K extends string, T>(all: Readonly<Record<K, T>>, map: (value: T) => T) {
  const result: Record<K, T> = { ...all };
  for (const key in all) if (Object.hasOwn(all, key)) result[key] = map(all[key]);
  return result;
}

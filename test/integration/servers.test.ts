import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { afterEach, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { startInspircd } from "../../cli/demo/servers/inspircd.ts";
import type { IrcServer } from "../../cli/demo/servers/irc-server.ts";
import { startProsody } from "../../cli/demo/servers/prosody.ts";
import type { RunningServer } from "../../cli/demo/servers/server-process.ts";
import type { XmppServer } from "../../cli/demo/servers/xmpp-server.ts";
import { startEjabberd } from "../support/servers/ejabberd.ts";
import { startNgircd } from "../support/servers/ngircd.ts";
import { IrcUser } from "../support/users/irc-user.ts";
import { XmppUser } from "../support/users/xmpp-user.ts";

const users = { alice: "pw-alice", bob: "pä & <secret>", admin: "pw-admin" };
const room = "lounge@conference.localhost";
const TEXT = 'héllo 👩‍👩‍👧‍👦 <b> & "quotes" 日本語';

const running = new Set<RunningServer>();
const own = <S extends RunningServer>(server: S): S => {
  running.add(server);
  return server;
};

afterEach(async () => {
  for (const server of running) await server.stop();
  running.clear();
});

/** Whether any process of the server's group is left; one that only waits to be reaped is not. */
function isAlive(pid: number): boolean {
  return runningProcesses().some(({ group }) => group === pid);
}

async function stopsWithoutTrace(server: RunningServer): Promise<void> {
  const { pid, directory } = server;
  expect(isAlive(pid)).toBe(true);
  await server.stop();
  expect(isAlive(pid)).toBe(false);
  expect(existsSync(directory)).toBe(false);
}

describe.each([
  { name: "Prosody", start: startProsody },
  { name: "ejabberd", start: startEjabberd },
])("$name", ({ start }) => {
  test("two users talk in a room, before and after a crash", async () => {
    const server = own(await start({ users }));
    const first = await meetInRoom(server);
    const id = first.alice.say(TEXT);
    expect(await first.bob.waitForMessage(TEXT)).toMatchObject({
      nick: "alice",
      id,
      delayed: false,
    });

    const { pid } = server;
    await server.kill9();
    expect(isAlive(pid)).toBe(false);
    await expect(first.bob.waitForMessage("nothing")).rejects.toThrow(
      "bob did not get the message",
    );

    await server.restart();
    const second = await meetInRoom(server);
    second.bob.say(TEXT);
    expect(await second.alice.waitForMessage(TEXT)).toMatchObject({ nick: "bob" });
    await stopsWithoutTrace(server);
  });

  test("an owner kicks, bans, renames and destroys", async () => {
    const server = own(await start({ users }));
    const { alice, bob } = await meetInRoom(server);
    await bob.changeNick("robert");
    expect(bob.nick).toBe("robert");

    await alice.kick("robert", "out");
    const kicked = await bob.waitForPresence(({ statuses }) => statuses.includes(307));
    expect(kicked).toMatchObject({ nick: "robert", type: "unavailable" });

    await alice.ban("bob@localhost");
    await expect(bob.join(room, "bob")).rejects.toThrow("forbidden");
    await alice.setAffiliation("bob@localhost", "none");
    await bob.join(room, "bob");

    alice.subject("news 📰");
    await bob.waitForStanza((stanza) => stanza.includes("<subject>news 📰</subject>"));
    await alice.destroy("elsewhere@conference.localhost");
    await bob.waitForStanza((stanza) => stanza.includes("<destroy"));
  });

  test("who joins later is shown as much history as it asks for", async () => {
    const server = own(await start({ users, history: 5 }));
    const { alice, bob } = await meetInRoom(server);
    for (let line = 1; line <= 8; line += 1) alice.say(`line ${line}`);
    await bob.waitForMessage("line 8");
    await bob.leave();
    bob.forget();
    await bob.join(room, "bob", { history: 50 });
    await bob.waitForMessage("line 8");
    expect(bob.messages.map(({ body }) => body)).toEqual([4, 5, 6, 7, 8].map((n) => `line ${n}`));
    expect(bob.messages.every(({ delayed }) => delayed)).toBe(true);
  });

  test("the archive gives every message back with its id", async () => {
    const server = own(await start({ users }));
    const { alice, bob } = await meetInRoom(server);
    const id = alice.say("for the record");
    await bob.waitForMessage("for the record");
    const answer = await bob.request(
      `<iq type='set' to='${room}'><query xmlns='urn:xmpp:mam:2' queryid='q'/></iq>`,
    );
    expect(answer).toContain("<fin");
    await bob.waitForStanza((stanza) => stanza.includes("<result") && stanza.includes(id));
  });

  test("a frozen server answers nothing until it goes on", async () => {
    const server = own(await start({ users }));
    const { alice, bob } = await meetInRoom(server);
    server.pause();
    alice.say("anybody there?");
    await expect(bob.waitForMessage("anybody there?", 300)).rejects.toThrow("within 300 ms");
    server.resume();
    await bob.waitForMessage("anybody there?");
  });

  test("two servers run beside each other", async () => {
    const [one, two] = (await Promise.all([start({ users }), start({ users })])).map(own);
    expect(one?.port).not.toBe(two?.port);
    expect(runningProcesses().map(({ name }) => name)).not.toContain("epmd");
  });

  test("a wrong password is refused", async () => {
    const { port } = own(await start({ users }));
    const login = XmppUser.connect({ port, user: "alice", password: "wrong" });
    await expect(login).rejects.toThrow("not-authorized");
  });
});

test("Prosody tells who makes a room that it is new when rooms are locked", async () => {
  const { port } = own(await startProsody({ users, lockRooms: true }));
  const alice = await XmppUser.connect({ port, user: "alice", password: users.alice });
  const bob = await XmppUser.connect({ port, user: "bob", password: users.bob });
  await alice.join(room, "alice");
  expect(alice.presences.at(-1)?.statuses).toContain(201);
  await expect(bob.join(room, "bob")).rejects.toThrow("item-not-found");
  await alice.configure({});
  await bob.join(room, "bob");
});

describe.each([
  { name: "InspIRCd", start: startInspircd },
  { name: "ngIRCd", start: startNgircd },
])("$name", ({ start }) => {
  test("two users talk in a channel, before and after a crash", async () => {
    const server = own(await start({}));
    const first = await meetInChannel(server);
    first.carol.say(TEXT);
    const heard = await first.dave.waitForMessage(TEXT);
    expect(heard).toMatchObject({ nick: "carol", target: "#lounge", command: "PRIVMSG" });
    first.dave.action("waves 👋");
    await first.carol.waitForMessage("\x01ACTION waves 👋\x01");

    const { pid } = server;
    await server.kill9();
    expect(isAlive(pid)).toBe(false);
    await expect(first.dave.waitForMessage("nothing")).rejects.toThrow(
      "dave did not get the message",
    );

    await server.restart();
    const second = await meetInChannel(server);
    second.dave.notice(TEXT);
    expect(await second.carol.waitForMessage(TEXT)).toMatchObject({ command: "NOTICE" });
    await stopsWithoutTrace(server);
  });

  test("an operator kills a client", async () => {
    const server = own(await start({}));
    const { carol, dave } = await meetInChannel(server);
    await carol.oper(server.oper);
    carol.send("KILL dave :enough");
    await expect(dave.waitForMessage("anything")).rejects.toThrow("connection is closed");
    expect(dave.lines.join("\n")).toContain("KILL");
  });

  test("the longest nick is as configured, and a taken one is refused", async () => {
    const { port } = own(await start({ nickMax: 9 }));
    await IrcUser.connect({ port, nick: "ninechars" });
    await expect(IrcUser.connect({ port, nick: "ninechars" })).rejects.toThrow("433");
    const carol = await IrcUser.connect({ port, nick: "carol" });
    const announced = await carol.waitForLine(
      (line) => line.includes(" 005 ") && line.includes("NICKLEN="),
    );
    expect(announced).toMatch(/NICKLEN=9\b/);
    await carol.changeNick("caroline");
    expect(carol.nick).toBe("caroline");
  });
});

test("an InspIRCd operator moves others about", async () => {
  const server = own(await startInspircd());
  const carol = await IrcUser.connect({ port: server.port, nick: "carol" });
  const dave = await IrcUser.connect({ port: server.port, nick: "dave" });
  await carol.oper(server.oper);
  carol.send("SAJOIN dave #lounge");
  await dave.waitForLine((line) => line.includes(" JOIN :#lounge"));
  carol.send("SANICK dave david");
  await dave.waitForLine((line) => line.includes(" NICK :david"));
  expect(dave.nick).toBe("david");
  carol.send("SAPART david #lounge");
  await dave.waitForLine((line) => line.includes(" PART ") && line.includes("#lounge"));
  carol.send("KLINE *@127.0.0.1 1h :enough");
  await expect(dave.waitForMessage("anything")).rejects.toThrow("connection is closed");
});

test("InspIRCd offers what IRCv3 clients ask for, or nothing", async () => {
  const offered = await offer(true);
  for (const name of ["echo-message", "labeled-response", "message-tags", "server-time", "batch"]) {
    expect(offered).toContain(name);
  }
  expect(await offer(false)).toContain(" 421 ");
});

test.each(["SIGINT", "SIGTERM", "throw"] as const)(
  "no server outlives a parent that ends by %s",
  async (how) => {
    const { parent, pid, directory } = await parentOfServer(how);
    if (how !== "throw") parent.kill(how);
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false));
    await vi.waitFor(() => expect(existsSync(directory)).toBe(false));
  },
);

test("no server outlives a parent that is killed", async () => {
  const { parent, pid, directory } = await parentOfServer("wait");
  parent.kill("SIGKILL");
  await vi.waitFor(() => expect(isAlive(pid)).toBe(false));
  await rm(directory, { recursive: true }); // nobody was left who could
});

test("a server that finds its port taken says so", async () => {
  const first = own(await startInspircd());
  const start = startInspircd({ port: first.port });
  await expect(start).rejects.toThrow(/Cannot start inspircd: a port is taken: .*already in use/);
});

/** Every process of this machine that is not a zombie, as /proc/PID/stat tells (proc(5)). */
function runningProcesses() {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      const [, name, state, group] = /\((.*)\) (\S) \d+ (\d+)/s.exec(statOf(pid)) ?? [];
      return state === undefined || state === "Z" ? [] : [{ name, group: Number(group) }];
    });
}

function statOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return ""; // it has just ended
  }
}

/** Starts a server from a process of its own. */
async function parentOfServer(how: string) {
  const script = new URL("../support/servers/start-and-end.ts", import.meta.url).pathname;
  const parent = spawn(process.execPath, ["--import", "tsx", script, how], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [line] = await once(parent.stdout, "data");
  return { parent, ...Started.parse(JSON.parse(String(line))) };
}

const Started = z.object({ pid: z.number(), directory: z.string() });

/** Two users in one room. */
async function meetInRoom({ port }: XmppServer) {
  const alice = await XmppUser.connect({ port, user: "alice", password: users.alice });
  const bob = await XmppUser.connect({ port, user: "bob", password: users.bob });
  await alice.join(room, "alice");
  await bob.join(room, "bob");
  return { alice, bob };
}

/** Two users in one channel. */
async function meetInChannel({ port }: IrcServer) {
  const carol = await IrcUser.connect({ port, nick: "carol" });
  const dave = await IrcUser.connect({ port, nick: "dave" });
  await carol.join("#lounge");
  await dave.join("#lounge");
  return { carol, dave };
}

/** What the server answers to the question for its capabilities. */
async function offer(capabilities: boolean): Promise<string> {
  const { port } = own(await startInspircd({ capabilities }));
  const carol = await IrcUser.connect({ port, nick: "carol" });
  carol.send("CAP LS 302");
  return carol.waitForLine((line) => line.includes(" CAP ") || line.includes(" 421 "));
}

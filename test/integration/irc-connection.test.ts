import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { makeCertificate } from "../../cli/demo/servers/certificate.ts";
import { freePort } from "../../cli/demo/servers/free-port.ts";
import { startInspircd } from "../../cli/demo/servers/inspircd.ts";
import { systemClock } from "../../shared/clock.ts";
import { type ConnectIrcOptions, connectIrc } from "../../shared/irc/connection.ts";
import type { IrcSession } from "../../shared/irc/session.ts";
import type { Line } from "../../shared/irc/wire/line.ts";
import { Counters } from "../../shared/observe/counters.ts";
import { FakeClock } from "../support/fake-clock.ts";
import {
  type IrcScript,
  type ScriptedClient,
  ScriptedIrcServer,
} from "../support/scripted-irc-server.ts";
import { startNgircd } from "../support/servers/ngircd.ts";
import { silentLog } from "../support/silent-log.ts";

const never = new AbortController().signal;

type Where = Pick<ConnectIrcOptions, "host" | "port">;

function connect(
  { host, port }: Where,
  differences: Partial<ConnectIrcOptions> = {},
  signal = never,
): Promise<IrcSession> {
  const defaults = {
    tls: false,
    nick: "relay",
    username: "relay",
    realname: "a relay",
    log: silentLog,
    clock: systemClock,
    counters: new Counters(),
  };
  return connectIrc({ host, port, ...defaults, ...differences }, signal);
}

async function serve(script: IrcScript = {}): Promise<ScriptedIrcServer> {
  const server = await ScriptedIrcServer.start(script);
  onTestFinished(() => server.close());
  return server;
}

/** A registered session with a polite server, and both ends of it. */
async function meet(script: IrcScript = {}, differences: Partial<ConnectIrcOptions> = {}) {
  const server = await serve(script);
  const session = await connect(server, differences);
  return { server, session, client: await server.client() };
}

/** Resolves when the session has read everything that the server sent so far. */
async function settled(client: ScriptedClient): Promise<void> {
  const token = `settled-${client.lines.length}`;
  client.send(`PING ${token}`);
  await client.waitForLine(`PONG ${token}`);
}

/** What an attempt rejects with; observed from the start, so that it may do so at any time. */
function failureOf(connecting: Promise<IrcSession>): Promise<unknown> {
  return connecting.then(
    () => "connected",
    (error: unknown) => error,
  );
}

function heardBy(session: IrcSession): Line[] {
  const lines: Line[] = [];
  session.onLine((line) => lines.push(line));
  return lines;
}

const plain = (password = "correct horse") =>
  ({ mechanism: "PLAIN", username: "account", password: { reveal: () => password } }) as const;

describe("registration", () => {
  test("connectIrc() resolves when the server has let us in and told about itself", async () => {
    const { server, session } = await meet({
      isupport: ["NICKLEN=12", "CASEMAPPING=ascii", "NETWORK=TestNet"],
    });
    expect(session.server).toBe(`127.0.0.1:${server.port}`);
    expect(session.nick).toBe("relay");
    expect(session.isupport).toMatchObject({ nicklen: 12, network: "TestNet" });
    expect(session.isMe("RELAY")).toBe(true);
  });

  test("a server without a message of the day is no wait", async () => {
    const { session } = await meet({ motd: "none" });
    expect(session.nick).toBe("relay");
  });

  test("a server that falls silent after its welcome costs two seconds", async () => {
    const clock = new FakeClock();
    const server = await serve({ motd: "silent", isupport: ["NICKLEN=20"] });
    const connecting = connect(server, { clock });
    const client = await server.client();
    await client.waitForLine(/^USER/);
    await settled(client);
    await clock.advance(2_000);
    expect((await connecting).isupport.nicklen).toBe(20);
  });

  test("only useful capabilities are asked for, in whichever line of the list they come", async () => {
    const { session, client } = await meet({
      capabilities: [
        ["away-notify", "server-time"],
        ["echo-message", "message-tags", "sasl"],
      ],
    });
    expect(client.lines).toContain("CAP REQ :server-time message-tags");
    expect([...session.capabilities]).toEqual(["server-time", "message-tags"]);
  });

  test.each([
    ["refuses them", { capabilities: [["batch"]], refuseCapabilities: true }],
    ["has none of them", { capabilities: [["away-notify"]] }],
    ["knows no CAP", {}],
  ])("a server that %s lets us in without capabilities", async (_, script) => {
    const { session } = await meet(script);
    expect([...session.capabilities]).toEqual([]);
  });

  test("the server password is sent, and never used for SASL", async () => {
    const script = { capabilities: [["sasl=PLAIN", "batch"]] };
    const { client } = await meet(script, { serverPassword: { reveal: () => "two words" } });
    expect(client.lines).toContain("PASS :two words");
    expect(client.lines).toContain("CAP REQ :batch");
    expect(client.lines.join()).not.toContain("AUTHENTICATE");
  });

  test("an empty real name is no reason to be refused", async () => {
    const { client } = await meet({}, { realname: "" });
    expect(client.lines).toContain("USER relay 0 * relay");
  });

  test("PING is answered before the welcome, and with all of its parameter", async () => {
    const server = await serve({ greet: (client) => client.send("PING :a b"), neverWelcome: true });
    const stop = new AbortController();
    const failed = failureOf(connect(server, {}, stop.signal));
    expect(await (await server.client()).waitForLine(/^PONG/)).toBe("PONG :a b");
    stop.abort();
    await failed;
  });
});

describe("SASL", () => {
  test("PLAIN logs in before the welcome", async () => {
    const script = { capabilities: [["sasl=PLAIN,EXTERNAL"]] };
    const { client, session } = await meet(script, { sasl: plain() });
    expect(session.account).toBe("account");
    const proof = client.lines.find((line) => /^AUTHENTICATE [^P]/.test(line))?.split(" ")[1] ?? "";
    expect(Buffer.from(proof, "base64").toString()).toBe("account\0account\0correct horse");
    expect(client.lines.at(-1)).toBe("CAP END");
  });

  test.each([100, 284, 290, 600])("a password of %i bytes goes in pieces of 400", async (bytes) => {
    const password = "x".repeat(bytes);
    const { client } = await meet({ capabilities: [["sasl"]] }, { sasl: plain(password) });
    const pieces = client.lines
      .filter((line) => line.startsWith("AUTHENTICATE ") && line !== "AUTHENTICATE PLAIN")
      .map((line) => line.slice("AUTHENTICATE ".length));
    expect(pieces.slice(0, -1).every((piece) => piece.length === 400)).toBe(true);
    expect(pieces.at(-1)?.length).toBeLessThan(400);
    const proof = pieces.join("").replace("+", "");
    expect(Buffer.from(proof, "base64").toString()).toBe(`account\0account\0${password}`);
  });

  test("EXTERNAL leaves the proof to the certificate", async () => {
    const script = { capabilities: [["sasl=EXTERNAL"]] };
    const { client } = await meet(script, { sasl: { mechanism: "EXTERNAL" } });
    expect(client.lines).toEqual(
      expect.arrayContaining(["AUTHENTICATE EXTERNAL", "AUTHENTICATE +"]),
    );
  });

  test.each<[string, IrcScript, cause?: string]>([
    ["the password is wrong", { capabilities: [["sasl"]], sasl: "refuse" }, "credentials"],
    ["the server does not offer it", { capabilities: [["batch"]] }],
    ["the server offers nothing that we want", { capabilities: [["away-notify"]] }],
    ["the server offers other mechanisms", { capabilities: [["sasl=EXTERNAL"]] }],
    ["the server refuses the request", { capabilities: [["sasl"]], refuseCapabilities: true }],
    ["the server knows no CAP", {}],
  ])("we never go on without it when %s", async (_, script, refusal = "login") => {
    const server = await serve(script);
    await expect(connect(server, { sasl: plain() })).rejects.toMatchObject({ refusal });
    const client = await server.client();
    await client.waitForEnd();
    expect(client.lines.join()).not.toContain("JOIN");
  });

  test("a server that never answers the login is given up in time", async () => {
    const clock = new FakeClock();
    const server = await serve({ capabilities: [["sasl"]], sasl: "silent" });
    const failed = failureOf(connect(server, { sasl: plain(), clock }));
    await (await server.client()).waitForLine("AUTHENTICATE PLAIN");
    await clock.advance(30_000);
    expect(await failed).toMatchObject({ refusal: "timeout" });
  });
});

describe("nicks", () => {
  test("a taken nick gives way to another", async () => {
    const { session } = await meet({ takenNicks: ["relay", "relay_"] });
    expect(session.nick).toBe("relay__");
  });

  test("nine taken characters give way to nine others", async () => {
    const script = { takenNicks: ["saxbridge"], nicklen: 9 };
    const { session } = await meet(script, { nick: "saxbridge" });
    expect(session.nick).toMatch(/^saxbridg.$/);
  });

  test("a nick too long for the server is cut", async () => {
    const { session } = await meet({ nicklen: 9 }, { nick: "saxbridge-relay" });
    expect(session.nick).toBe("saxbridge");
  });

  test("a server that refuses every nick is given up", async () => {
    const server = await serve({
      answer({ command, params }, client) {
        if (command === "NICK") client.send(`:irc.test 433 * ${params[0] ?? ""} :In use`);
        return command === "NICK";
      },
    });
    await expect(connect(server)).rejects.toThrow("no nick like relay is free");
  });
});

describe("refusals", () => {
  test.each([
    ["Closing Link: relay (Throttled: Reconnecting too fast)", "throttled"],
    ["Closing Link: relay (K-Lined)", "banned"],
    ["Closing Link: relay (Server is full)", "full"],
    ["Closing Link: relay (Go away)", "closed"],
  ])("ERROR :%s is %s, in the server's own words", async (words, refusal) => {
    const server = await serve({
      greet: (client) => {
        client.refuse(words);
        return true;
      },
    });
    await expect(connect(server)).rejects.toMatchObject({ refusal, message: words });
  });

  test.each([
    ["465", "banned"],
    ["463", "banned"],
    ["464", "credentials"],
  ])("%s is %s", async (numeric, refusal) => {
    const greet = (client: ScriptedClient) => client.numeric(numeric, ":No");
    const server = await serve({ greet, neverWelcome: true });
    await expect(connect(server)).rejects.toMatchObject({ refusal, message: "No" });
  });

  test("a server that closes without a word is closed", async () => {
    const server = await serve({ greet: (client) => client.end(), neverWelcome: true });
    await expect(connect(server)).rejects.toMatchObject({ refusal: "closed" });
  });

  test("a port where nobody listens is refused", async () => {
    const where = { host: "localhost", port: await freePort() };
    await expect(connect(where)).rejects.toMatchObject({
      refusal: "refused",
      message: expect.stringContaining("ECONNREFUSED"),
    });
  });

  test("a host without an address is dns", async () => {
    const where = { host: "nowhere.invalid", port: 6667 };
    await expect(connect(where)).rejects.toMatchObject({ refusal: "dns" });
  });

  test("a server that accepts and says nothing is a timeout", async () => {
    const clock = new FakeClock();
    const server = await serve({ greet: () => true });
    const failed = failureOf(connect(server, { clock }));
    await (await server.client()).waitForLine(/^USER/);
    await clock.advance(15_000);
    expect(await failed).toMatchObject({
      refusal: "timeout",
      message: "no answer within 15000 ms",
    });
    expect(clock.sleeping).toBe(0);
  });

  test("a server that never completes the registration is a timeout", async () => {
    const clock = new FakeClock();
    const server = await serve({ neverWelcome: true });
    const failed = failureOf(connect(server, { clock }));
    const client = await server.client();
    client.send("NOTICE * :*** Looking up your hostname");
    await settled(client);
    await clock.advance(29_000);
    expect(await Promise.race([failed, Promise.resolve("waiting")])).toBe("waiting");
    await clock.advance(1_000);
    expect(await failed).toMatchObject({
      refusal: "timeout",
      message: "no registration within 30000 ms",
    });
    expect(clock.sleeping).toBe(0);
  });

  test("a TLS handshake that never ends is a timeout", async () => {
    const clock = new FakeClock();
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const address = server.address();
    const port = typeof address === "object" ? (address?.port ?? 0) : 0;
    const accepted = once(server, "connection");
    const failed = failureOf(connect({ host: "127.0.0.1", port }, { clock, tls: true }));
    await accepted;
    await clock.advance(10_000);
    expect(await failed).toMatchObject({
      refusal: "timeout",
      message: "no connection within 10000 ms",
    });
  });

  test("the signal gives the attempt up with its own reason", async () => {
    const server = await serve({ neverWelcome: true });
    const stop = new AbortController();
    const connecting = connect(server, {}, stop.signal);
    const client = await server.client();
    stop.abort(new Error("stopping"));
    await expect(connecting).rejects.toThrow("stopping");
    await client.waitForEnd();
    await expect(connect(server, {}, stop.signal)).rejects.toThrow("stopping");
  });
});

describe("lines that make the library throw", () => {
  const commands =
    "PRIVMSG NOTICE BATCH CAP JOIN PART MODE KICK NICK QUIT TOPIC INVITE AWAY ACCOUNT TAGMSG CHGHOST SETNAME WALLOPS PONG : @ :x \x01";
  const bare = [
    ...commands.split(" "),
    ...Array.from({ length: 1_000 }, (_, i) => String(i).padStart(3, "0")),
  ];

  test("a session lives through every command and numeric without parameters", async () => {
    const complaints = vi.spyOn(console, "log");
    const errors = vi.spyOn(console, "error");
    const { session, client } = await meet();
    client.send(...bare);
    await settled(client);
    client.send(":bob!b@h PRIVMSG #a :still here");
    const heard = heardBy(session);
    await settled(client);
    expect(heard[0]?.params).toEqual(["#a", "still here"]);
    expect(complaints).not.toHaveBeenCalled();
    expect(errors).not.toHaveBeenCalled();
  });

  test("so does a registration", async () => {
    const harmless = ["PRIVMSG", "NOTICE", "BATCH", "CAP", "353", "366", "900", "AUTHENTICATE +"];
    const script = { greet: (client: ScriptedClient) => client.send(...harmless) };
    const { session } = await meet({ ...script, capabilities: [["batch"]] });
    expect([...session.capabilities]).toEqual(["batch"]);
  });

  test("what throws while negotiating is counted, and ends in a timeout at worst", async () => {
    const clock = new FakeClock();
    const counters = new Counters();
    const server = await serve({
      capabilities: [["batch"]],
      answer: ({ command, params }, client) => {
        // The library takes it for granted that an acknowledged sasl was offered.
        if (command === "CAP" && params[0] === "REQ") client.send("CAP * ACK :sasl batch");
        return params[0] === "REQ";
      },
    });
    const failed = failureOf(connect(server, { clock, counters }));
    const client = await server.client();
    await client.waitForLine(/^CAP REQ/);
    await settled(client);
    await clock.advance(30_000);
    expect(await failed).toMatchObject({ refusal: "timeout" });
    expect(counters.value("handler_failures", { where: "irc negotiation" })).toBe(1);
  });
});

describe("bytes", () => {
  test("UTF-8 split anywhere, even between CR and LF, arrives whole", async () => {
    const { session, client } = await meet();
    const heard = heardBy(session);
    for (const byte of Buffer.from(":b!b@h PRIVMSG #a :10 € für 👩‍🚀\r\nPRIVMSG #a :next\r\n")) {
      await client.sendBytes(Buffer.of(byte));
    }
    await settled(client);
    expect(heard.slice(0, 2).map(({ params }) => params[1])).toEqual(["10 € für 👩‍🚀", "next"]);
  });

  test("bytes that are no UTF-8 are read as windows-1252, line by line", async () => {
    const { session, client } = await meet();
    const heard = heardBy(session);
    await client.sendBytes(Buffer.from("PRIVMSG #a :caf\xe9 \x80\r\n", "latin1"));
    await client.sendBytes(Buffer.from("PRIVMSG #a :café €\r\n"));
    await settled(client);
    expect(heard.slice(0, 2).map(({ params }) => params[1])).toEqual(["café €", "café €"]);
  });

  test("a line without end closes the connection before it fills the memory", async () => {
    // No time passes, so that no PONG ends the line.
    const { session, client } = await meet({}, { clock: new FakeClock() });
    await client.sendBytes(Buffer.alloc(70_000, "x"));
    expect(await session.ended).toMatch(/line of more than 65536 bytes/);
  });

  test("ten thousand lines in one write, and a long line in ten thousand, take no time", async () => {
    const { session, client } = await meet();
    const heard = heardBy(session);
    const began = performance.now();
    client.send(...Array.from({ length: 10_000 }, (_, i) => `PRIVMSG #a :${i}`));
    for (let i = 0; i < 10_000; i += 1) void client.sendBytes(Buffer.from("xxxxxx"));
    client.send("");
    await settled(client);
    expect(heard.slice(0, 10_000).map(({ params }) => params[1])).toEqual(
      Array.from({ length: 10_000 }, (_, i) => String(i)),
    );
    // Generous: it takes about a tenth of it. Quadratic time would be minutes.
    expect(performance.now() - began).toBeLessThan(3_000);
  });
});

describe("sending", () => {
  test("lines of one turn go out in order and together", async () => {
    const { session, client } = await meet();
    const before = client.chunks;
    for (let i = 0; i < 100; i += 1) session.send("PRIVMSG", "#a", `line ${i}`);
    await client.waitForLine("PRIVMSG #a :line 99");
    const sent = client.lines.filter((line) => line.startsWith("PRIVMSG"));
    expect(sent).toEqual(Array.from({ length: 100 }, (_, i) => `PRIVMSG #a :line ${i}`));
    expect(client.chunks - before).toBe(1);
  });

  test("nothing leaves before everything of its turn has run, and beforeWrite() at last", async () => {
    const events: string[] = [];
    const { session, client } = await meet({}, { beforeWrite: () => events.push("before write") });
    await settled(client);
    events.length = 0;
    session.send("PRIVMSG", "#a", "hello");
    process.nextTick(() => events.push("tick"));
    queueMicrotask(() => events.push("microtask"));
    const before = client.lines.length;
    setImmediate(() => events.push(`sent ${client.lines.length - before}`));
    await client.waitForLine("PRIVMSG #a hello");
    expect(events.toSorted()).toEqual(["before write", "microtask", "sent 0", "tick"]);
    expect(events.slice(-2)).toEqual(["before write", "sent 0"]);
  });

  test("no parameter can begin a line of its own", async () => {
    const { session, client } = await meet();
    session.send("PRIVMSG", "#a\r\nQUIT :target", "text\r\nQUIT :text\n\0");
    session.send("KICK\r\nQUIT", "#a");
    await settled(client);
    expect(client.lines.filter((line) => line.startsWith("QUIT"))).toEqual([]);
  });

  test("sending after the end does nothing", async () => {
    const { session, client } = await meet();
    client.reset();
    await session.ended;
    expect(() => session.send("PRIVMSG", "#a", "too late")).not.toThrow();
  });
});

describe("listeners", () => {
  test("one that throws is counted, and the next one still hears", async () => {
    const counters = new Counters();
    const { session, client } = await meet({}, { counters });
    session.onLine(() => {
      throw new Error("a bug");
    });
    const heard = heardBy(session);
    await settled(client);
    expect(heard).toHaveLength(1);
    expect(counters.value("handler_failures", { where: "irc line" })).toBe(1);
  });

  test("one that has stopped hears no more, not even the rest of the same line", async () => {
    const { session, client } = await meet();
    let calls = 0;
    session.onLine(() => stop());
    const stop = session.onLine(() => {
      calls += 1;
    });
    await settled(client);
    await settled(client);
    expect(calls).toBe(0);
  });

  test("one that begins within a line hears the next one first", async () => {
    const { session, client } = await meet();
    const heard: Line[] = [];
    const stop = session.onLine(() => {
      stop();
      session.onLine((line) => heard.push(line));
    });
    client.send("PRIVMSG #a :first", "PRIVMSG #a :second");
    await settled(client);
    expect(heard[0]?.params[1]).toBe("second");
  });
});

describe("who we are", () => {
  test("our source is learnt from our JOIN and followed from there", async () => {
    const { session, client } = await meet();
    expect(session.source.length).toBeGreaterThan(client.source.length);
    session.send("JOIN", "#a");
    await client.waitForLine("JOIN #a");
    await settled(client);
    expect(session.source).toBe("relay!~user@host.test");
    client.send(":relay!~user@host.test CHGHOST ident cloak.test");
    client.send(":relay!ident@cloak.test NICK :guest");
    client.send(":irc.test 396 guest hidden.test :is now your displayed host");
    await settled(client);
    expect(session.source).toBe("guest!ident@hidden.test");
    expect([session.isMe("GUEST"), session.isMe("relay")]).toEqual([true, false]);
  });
});

describe("the end", () => {
  test("a silent server is asked after 15 s and dead 10 s later", async () => {
    const clock = new FakeClock();
    const { session, client } = await meet({}, { clock });
    client.stall();
    await clock.advance(15_000);
    expect(await stateOf(session)).toBe("up");
    await clock.advance(11_000);
    expect(await session.ended).toBe("ping timeout");
    expect(clock.sleeping).toBe(0);
  });

  test("what we send ourselves does not keep a dead link alive", async () => {
    const clock = new FakeClock();
    const { session, client } = await meet({}, { clock });
    client.stall();
    for (let second = 0; second < 27; second += 1) {
      session.send("PRIVMSG", "#a", "anybody there?");
      await clock.advance(1_000);
    }
    expect(await session.ended).toBe("ping timeout");
  });

  test("a server that answers, or merely talks, stays connected", async () => {
    const clock = new FakeClock();
    const { session, client } = await meet({ answerPing: false }, { clock });
    for (let i = 1; i <= 5; i += 1) {
      await clock.advance(15_000);
      await client.waitForLine("PING saxbridge", i);
      client.send(":irc.test NOTICE relay :hello");
      await settled(client);
    }
    expect(await stateOf(session)).toBe("up");
  });

  test("both periods are options", async () => {
    const clock = new FakeClock();
    const { session, client } = await meet({}, { clock, pingAfterMs: 100, pingTimeoutMs: 50 });
    client.stall();
    await clock.advance(200);
    expect(await session.ended).toBe("ping timeout");
  });

  test.each([
    [
      "the words of ERROR",
      (client: ScriptedClient) => client.refuse("Killed (oper)"),
      "Killed (oper)",
    ],
    ["a close", (client: ScriptedClient) => client.end(), "the server closed the connection"],
    ["a reset", (client: ScriptedClient) => client.reset(), /ECONNRESET/],
  ])("the reason is %s", async (_, break_, reason) => {
    const clock = new FakeClock();
    const { session, client } = await meet({}, { clock });
    break_(client);
    expect(await session.ended).toMatch(reason);
    await clock.advance(0);
    expect(clock.sleeping).toBe(0);
  });

  test("quit() says why and waits for the server to close", async () => {
    const { session, client } = await meet();
    session.send("PRIVMSG", "#a", "last words");
    await session.quit("going home");
    expect(client.lines.slice(-2)).toEqual(["PRIVMSG #a :last words", "QUIT :going home"]);
    expect(await session.ended).toBe("quit");
  });

  test("quit() waits no longer than two seconds", async () => {
    const clock = new FakeClock();
    const { session } = await meet({ answer: ({ command }) => command === "QUIT" }, { clock });
    const quitting = session.quit("going home");
    await clock.advance(2_000);
    await quitting;
    expect(await session.ended).toBe("quit");
    expect(clock.sleeping).toBe(0);
  });

  test("abandon() breaks the connection at once, without a goodbye", async () => {
    const { session, client } = await meet();
    session.abandon("no use");
    expect(await session.ended).toBe("no use");
    await client.waitForEnd();
    expect(client.lines.join()).not.toContain("QUIT");
  });

  test("quit() after the end resolves at once", async () => {
    const { session, client } = await meet();
    client.reset();
    await session.ended;
    await expect(session.quit("again")).resolves.toBeUndefined();
  });
});

describe("TLS", () => {
  let pem: { readonly ca: string; readonly cert: string; readonly key: string };

  beforeAll(async () => {
    const directory = await mkdtemp(join(tmpdir(), "saxbridge-irc-tls-"));
    const { ca, certificate, key } = await makeCertificate(directory, ["localhost"]);
    pem = {
      ca: await readFile(ca, "utf8"),
      cert: await readFile(certificate, "utf8"),
      key: await readFile(key, "utf8"),
    };
    return () => rm(directory, { recursive: true });
  });

  const tlsScript = (more: object = {}): IrcScript => ({
    capabilities: [["sasl=EXTERNAL"]],
    tls: { cert: pem.cert, key: pem.key, ...more },
  });

  test("a server that our authority vouches for is let near", async () => {
    const { port } = await serve(tlsScript());
    const session = await connect({ host: "localhost", port }, { tls: true, ca: pem.ca });
    expect(session.nick).toBe("relay");
  });

  test.each([
    ["by nobody we know", "localhost", false],
    ["for another name", "127.0.0.1", true],
  ])("a certificate made out %s is refused", async (_, host, trusted) => {
    const { port } = await serve(tlsScript());
    const connecting = connect({ host, port }, { tls: true, ca: trusted ? pem.ca : undefined });
    await expect(connecting).rejects.toMatchObject({ refusal: "tls" });
  });

  test("a server without TLS on a port for TLS is refused", async () => {
    const server = await serve({ greet: (client) => client.send("NOTICE * :hello") });
    await expect(connect(server, { tls: true })).rejects.toMatchObject({ refusal: "tls" });
  });

  test("a key that is none is refused before anything is sent", async () => {
    const { port } = await serve(tlsScript());
    const options = { tls: true, ca: pem.ca, cert: "nonsense", key: "nonsense" };
    await expect(connect({ host: "localhost", port }, options)).rejects.toMatchObject({
      refusal: "tls",
    });
  });

  test("our own certificate is shown to a server that asks for it", async () => {
    const { port } = await serve(
      tlsScript({ ca: pem.ca, requestCert: true, rejectUnauthorized: true }),
    );
    const session = await connect(
      { host: "localhost", port },
      { tls: true, ca: pem.ca, cert: pem.cert, key: pem.key, sasl: { mechanism: "EXTERNAL" } },
    );
    expect(session.capabilities.has("sasl")).toBe(true);
  });
});

describe.each([
  ["InspIRCd", startInspircd],
  ["ngIRCd", startNgircd],
])("%s", (_, start) => {
  test("two relays meet: nicks, source, speech, kill -9 and a frozen server", async () => {
    const server = await start({ nickMax: 9 });
    onTestFinished(() => server.stop());
    const where = { host: "127.0.0.1", port: server.port };
    const first = await connect(where, { nick: "saxbridge" });
    const second = await connect(where, {
      nick: "saxbridge-2",
      pingAfterMs: 200,
      pingTimeoutMs: 300,
    });
    expect(first.nick).toBe("saxbridge");
    expect(second.nick).toMatch(/^saxbridg.$/);
    expect(first.isupport.nicklen).toBe(9);

    const spoken = firstLine(
      second,
      ({ command, params }) => command === "PRIVMSG" && params[1] === "é €",
    );
    const joined = firstLine(second, ({ command }) => command === "366");
    first.send("JOIN", "#a");
    second.send("JOIN", "#a");
    await joined;
    first.send("PRIVMSG", "#a", "é €");
    expect((await spoken).source).toBe(first.source);

    server.pause();
    expect(await second.ended).toBe("ping timeout");
    server.resume();
    await server.kill9();
    expect(await first.ended).toMatch(/closed the connection|ECONNRESET/);
  });

  test("TLS with the authority of the server", async () => {
    const server = await start({ tls: true });
    onTestFinished(() => server.stop());
    const ca = await readFile(server.ca ?? "", "utf8");
    const session = await connect({ host: "localhost", port: server.tlsPort }, { tls: true, ca });
    await session.quit("bye");
    expect(await session.ended).toBe("quit");
  });
});

/** The first line that fits. */
function firstLine(session: IrcSession, fits: (line: Line) => boolean): Promise<Line> {
  return new Promise((resolve) => {
    const stop = session.onLine((line) => {
      if (!fits(line)) return;
      stop();
      resolve(line);
    });
  });
}

/** "up" unless the session is over by now. */
function stateOf(session: IrcSession): Promise<string> {
  return Promise.race([session.ended, Promise.resolve("up")]);
}

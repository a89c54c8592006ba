import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer as createHttpsServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { createServer } from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { WebSocketServer } from "ws";
import { makeCertificate } from "../../cli/demo/servers/certificate.ts";
import { freePort } from "../../cli/demo/servers/free-port.ts";
import { startProsody } from "../../cli/demo/servers/prosody.ts";
import type { XmppServer } from "../../cli/demo/servers/xmpp-server.ts";
import { Counters } from "../../shared/observe/counters.ts";
import { FatalError } from "../../shared/retry/keep-connected.ts";
import { connectXmpp, type XmppOptions } from "../../shared/xmpp/connection.ts";
import type { XmppSession } from "../../shared/xmpp/session.ts";
import { type Element, el } from "../../shared/xmpp/wire/xml.ts";
import {
  DOMAIN,
  type ScriptedXmppClient,
  ScriptedXmppServer,
  type XmppScript,
} from "../support/scripted-xmpp-server.ts";
import { startEjabberd } from "../support/servers/ejabberd.ts";
import { silentLog } from "../support/silent-log.ts";

const STREAMS = "http://etherx.jabber.org/streams";
const SASL = "urn:ietf:params:xml:ns:xmpp-sasl";
const TLS = "urn:ietf:params:xml:ns:xmpp-tls";
const PLAIN = `<mechanisms xmlns='${SASL}'><mechanism>PLAIN</mechanism></mechanisms>`;
const BIND = "urn:ietf:params:xml:ns:xmpp-bind";

/** What nobody caught. The library did both; one of these ends the process. */
const uncaught: unknown[] = [];
const note = (error: unknown) => void uncaught.push(error);

beforeAll(() => {
  process.on("uncaughtException", note);
  process.on("unhandledRejection", note);
});

afterAll(() => {
  process.off("uncaughtException", note);
  process.off("unhandledRejection", note);
});

afterEach(async () => {
  await wait(20);
  if (uncaught.length > 0) throw new AggregateError(uncaught.splice(0), "nobody caught this");
});

const never = new AbortController().signal;

function connect(
  differences: Partial<XmppOptions>,
  signal: AbortSignal = never,
): Promise<XmppSession> {
  const defaults = {
    jid: `relay@${DOMAIN}`,
    password: { reveal: () => "secret" },
    domain: DOMAIN,
    tls: "optional",
    version: "1.2.3",
    log: silentLog,
    counters: new Counters(),
  } as const;
  return connectXmpp({ ...defaults, ...differences }, signal);
}

async function serve(script: XmppScript = {}): Promise<ScriptedXmppServer> {
  const server = await ScriptedXmppServer.start(script);
  onTestFinished(() => server.close());
  return server;
}

/** A session with a polite server, and both ends of it. */
async function meet(script: XmppScript = {}, differences: Partial<XmppOptions> = {}) {
  const server = await serve(script);
  const session = await connect({ service: server.service, ...differences });
  onTestFinished(() => session.abandon("the test is over"));
  return { server, session, client: await server.client() };
}

/** Why an attempt failed, and that its connection did not stay open. */
async function refusal(script: XmppScript, differences: Partial<XmppOptions> = {}) {
  const server = await serve(script);
  const error: unknown = await connect({ service: server.service, ...differences }).then(
    () => "connected",
    (reason: unknown) => reason,
  );
  const client = await server.client();
  await client.waitForEnd(2_000);
  return { error, client };
}

/** Answers elements of this name in this way, and leaves all others to the polite server. */
function on(
  name: string,
  act: (peer: ScriptedXmppClient, element: string) => void,
): Pick<XmppScript, "answer"> {
  return {
    answer(element, peer) {
      if (!new RegExp(`^<${name}[ />]`).test(element)) return false;
      act(peer, element);
      return true;
    },
  };
}

/** Answers the stream's header in this way alone. */
function open(act: (peer: ScriptedXmppClient) => void): Pick<XmppScript, "open"> {
  return {
    open(peer) {
      act(peer);
      return true;
    },
  };
}

/** Whether the session has ended by now, and why. */
function endOf(session: XmppSession): { readonly reason: string | undefined } {
  const end: { reason: string | undefined } = { reason: undefined };
  void session.ended.then((reason) => {
    end.reason = reason;
  });
  return end;
}

function heardBy(session: XmppSession, from: string): Element[] {
  const stanzas: Element[] = [];
  session.onStanza(from, (stanza) => stanzas.push(stanza));
  return stanzas;
}

function bodies(stanzas: readonly Element[]): (string | null)[] {
  return stanzas.map((stanza) => stanza.getChildText("body"));
}

const said = (body: string, from = `anna@${DOMAIN}`) =>
  `<message from='${from}'><body>${body}</body></message>`;

describe("logging in", () => {
  test.each([["SCRAM-SHA-512"], ["SCRAM-SHA-256"], ["SCRAM-SHA-1"], ["PLAIN"]])(
    "with %s gives a session under the bound JID",
    async (mechanism) => {
      const { session, client } = await meet({ mechanisms: [mechanism] });
      expect(session.jid).toBe(`relay@${DOMAIN}/bound`);
      expect(client.elements[0]).toContain(mechanism);
    },
  );

  test("the strongest mechanism on offer is used", async () => {
    const { client } = await meet({ mechanisms: ["PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256"] });
    expect(client.elements[0]).toContain("SCRAM-SHA-256");
  });

  test.each([["pässwörd €😀"], ["a,b=c"], ["x".repeat(200)]])(
    "the password %j is sent as it is",
    async (password) => {
      const differences = { password: { reveal: () => password } };
      const scram = await meet({ password, mechanisms: ["SCRAM-SHA-256"] }, differences);
      const plain = await meet({ password, mechanisms: ["PLAIN"] }, differences);
      expect([scram.session.jid, plain.session.jid]).toEqual(
        Array(2).fill(`relay@${DOMAIN}/bound`),
      );
    },
  );

  test.each([["SCRAM-SHA-1"], ["PLAIN"]])(
    "a wrong password with %s is fatal, and the connection is closed",
    async (mechanism) => {
      const { error } = await refusal({ mechanisms: [mechanism], password: "another" });
      expect(error).toBeInstanceOf(FatalError);
      expect(String(error)).toMatch(/not-authorized.*check the JID and the password/);
    },
  );

  test("an account that is disabled is fatal, too", async () => {
    const { error } = await refusal(on("auth", (peer) => peer.refuseLogin("account-disabled")));
    expect(error).toBeInstanceOf(FatalError);
  });

  test("a server that has a bad day is no reason to give up", async () => {
    const { error } = await refusal(
      on("auth", (peer) => peer.refuseLogin("temporary-auth-failure")),
    );
    expect(error).not.toBeInstanceOf(FatalError);
    expect(String(error)).toContain("temporary-auth-failure");
  });

  test.each([["wrong"], ["missing"]] as const)(
    "a server whose proof of the password is %s is refused",
    async (signature) => {
      const { error } = await refusal({ signature });
      expect(String(error)).toContain("could not prove that it knows the password");
    },
  );

  test("a server that says success without asking for a proof is refused", async () => {
    const { error } = await refusal(on("auth", (peer) => peer.send(`<success xmlns='${SASL}'/>`)));
    expect(String(error)).toContain("could not prove that it knows the password");
  });

  test.each([
    ["not even base64", () => "%%%"],
    ["empty", () => ""],
    ["someone else's", () => btoa("r=abc,s=AAAA,i=16")],
    ["a thousand million iterations", (nonce: string) => btoa(`r=${nonce}x,s=AAAA,i=1000000000`)],
  ])("a challenge that is %s ends the attempt", async (_, challenge) => {
    const { error } = await refusal(
      on("auth", (peer, auth) => {
        peer.send(`<challenge xmlns='${SASL}'>${challenge(nonceOf(auth))}</challenge>`);
      }),
    );
    expect(error).toBeInstanceOf(Error);
    expect(error).not.toBeInstanceOf(FatalError);
  });

  test.each([
    [
      "knows no login of ours",
      `<mechanisms xmlns='${SASL}'><mechanism>X-SECRET</mechanism></mechanisms>`,
    ],
    ["offers no login at all", ""],
    ["lets everybody in without a login", `<bind xmlns='${BIND}'/>`],
  ])("a server that %s is refused at once", async (_, features) => {
    const { error, client } = await refusal(open((peer) => peer.openStream(features)));
    expect(String(error)).toContain("offers no login that saxbridge knows");
    expect(client.elements).toEqual([]);
  });
});

describe("TLS", () => {
  test("where it is required and not offered, no password leaves", async () => {
    const { error, client } = await refusal({ mechanisms: ["PLAIN"] }, { tls: "required" });
    expect(String(error)).toContain("does not offer TLS");
    expect(client.elements).toEqual([]);
  });

  test("where the server offers it and then refuses, no password leaves", async () => {
    const { error, client } = await refusal({
      ...open((peer) => peer.openStream(`<starttls xmlns='${TLS}'/>${PLAIN}`)),
      ...on("starttls", (peer) => peer.send(`<failure xmlns='${TLS}'/>`)),
    });
    expect(String(error)).toContain("refused STARTTLS");
    expect(client.elements).toHaveLength(1);
  });

  test("what is slipped in behind the word to proceed is not taken for the server's", async () => {
    const { error, client } = await refusal({
      ...open((peer) => peer.openStream(`<starttls xmlns='${TLS}'/>`)),
      ...on("starttls", (peer) => {
        peer.send(`<proceed xmlns='${TLS}'/><stream:features>${PLAIN}</stream:features>`);
        setTimeout(() => peer.drop(), 200);
      }),
    });
    expect(error).toBeInstanceOf(Error);
    expect(client.received.toString("latin1")).not.toContain("<auth");
  });

  describe.each([["starttls"], ["direct"]] as const)("%s", (tls) => {
    let server: XmppServer;
    beforeAll(async () => {
      server = await startProsody({ users: { relay: "secret" }, tls });
      return () => server.stop();
    });

    const options = (tlsCa: string | undefined) => ({
      service:
        tls === "direct"
          ? `xmpps://127.0.0.1:${server.tlsPort}`
          : `xmpp://127.0.0.1:${server.port}`,
      jid: "relay@localhost",
      domain: "localhost",
      tls: "required" as const,
      tlsCa,
    });

    test("with a certificate of an authority that we trust, we log in", async () => {
      const session = await connect(options(server.ca));
      expect(session.jid).toMatch(/^relay@localhost\//);
      await session.close();
    });

    test("a certificate of nobody that we trust is refused, and that is not fatal", async () => {
      const error: unknown = await connect(options(undefined)).catch((e: unknown) => e);
      expect(String(error)).toMatch(/certificate/);
      expect(error).not.toBeInstanceOf(FatalError);
    });
  });

  test("a certificate for another domain is refused, also when the host is the right one", async () => {
    const directory = await mkdtemp(join(tmpdir(), "saxbridge-"));
    onTestFinished(() => rm(directory, { recursive: true }));
    const { ca, certificate, key } = await makeCertificate(directory, ["127.0.0.1", "other.test"]);
    const server = createServer({ cert: readFileSync(certificate), key: readFileSync(key) });
    const port = await freePort();
    server.listen(port, "127.0.0.1");
    onTestFinished(() => {
      server.close();
    });
    await once(server, "listening");
    const attempt = connect({ service: `xmpps://127.0.0.1:${port}`, tlsCa: ca, tls: "required" });
    await expect(attempt).rejects.toThrow(/xmpp\.test.*altnames/);
  });
});

describe("an attempt", () => {
  test.each([
    ["accepts and says nothing", open(() => {})],
    [
      "sends no features",
      open((peer) => {
        peer.send(`<stream:stream xmlns='jabber:client' xmlns:stream='${STREAMS}' version='1.0'>`);
      }),
    ],
    ["does not answer the login", on("auth", () => {})],
    ["does not answer the proof", on("response", () => {})],
    ["does not answer the binding", on("iq", () => {})],
  ])("ends when the server %s", async (_, script) => {
    const { error } = await refusal(script, { connectTimeoutMs: 300 });
    expect(String(error)).toContain("did not answer in time");
  });

  test("that the library gives up earlier than we do leaves no connection behind", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const server = await serve(open(() => {}));
    const failed = connect({ service: server.service }).catch((e: unknown) => e);
    const client = await server.client();
    await vi.waitFor(() => expect(client.received.length).toBeGreaterThan(0));
    await vi.advanceTimersByTimeAsync(16_000);
    expect(await failed).toBeInstanceOf(Error);
    vi.useRealTimers();
    await client.waitForEnd(2_000);
  });

  test("ends when the signal aborts, whatever it waits for", async () => {
    const server = await serve(open(() => {}));
    const stop = new AbortController();
    const failed = connect({ service: server.service }, stop.signal).catch((e: unknown) => e);
    const client = await server.client();
    await vi.waitFor(() => expect(client.received.length).toBeGreaterThan(0));
    stop.abort();
    expect(await failed).toBeInstanceOf(Error);
    await client.waitForEnd(2_000);
  });

  test("is not even begun when the signal has aborted", async () => {
    const server = await serve();
    await expect(connect({ service: server.service }, AbortSignal.abort())).rejects.toThrow(
      /aborted/,
    );
    expect(server.clients).toEqual([]);
  });

  test("to where nobody listens says so", async () => {
    const service = `xmpp://127.0.0.1:${await freePort()}`;
    await expect(connect({ service })).rejects.toThrow(/Cannot connect to XMPP at .*ECONNREFUSED/);
  });

  test("to a host that does not exist says so", async () => {
    const service = "xmpp://nowhere.invalid:5222";
    await expect(connect({ service })).rejects.toThrow(/Cannot connect to XMPP at .*nowhere/);
  });

  test.each([
    ["at the header", open((peer) => peer.reset())],
    ["at the login", on("auth", (peer) => peer.reset())],
    ["at the binding", on("iq", (peer) => peer.reset())],
  ])("that is reset %s fails, and nothing else happens", async (_, script) => {
    const { error } = await refusal(script);
    expect(error).toBeInstanceOf(Error);
    expect(error).not.toBeInstanceOf(FatalError);
  });

  test.each([
    ["an HTTP server", "HTTP/1.1 400 Bad Request\r\n\r\n<html><body>no</body></html>"],
    ["noise", "\u0000\u0001<<<>>&&&"],
    [
      "a stream error",
      "<stream:stream xmlns:stream='http://etherx.jabber.org/streams'><stream:error><host-unknown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>",
    ],
    [
      "another server's address",
      "<stream:stream xmlns:stream='http://etherx.jabber.org/streams'><stream:error><see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>evil.test</see-other-host></stream:error>",
    ],
  ])("that meets %s fails", async (_, text) => {
    const { error, client } = await refusal(
      open((peer) => peer.send(text)),
      { connectTimeoutMs: 1_000 },
    );
    expect(error).toBeInstanceOf(Error);
    expect(client.received.toString()).not.toContain("<auth");
  });
});

describe("a stream", () => {
  test("that is reset ends the session with the reason", async () => {
    const { session, client } = await meet();
    client.reset();
    expect(await session.ended).toMatch(/ECONNRESET|closed/);
  });

  test("that is frozen and then reset ends the session once, and not the process", async () => {
    const { session, client } = await meet({}, { pingAfterMs: 100, pingTimeoutMs: 100 });
    client.stall();
    expect(await session.ended).toContain("no sign of life");
    client.reset();
    await client.waitForEnd();
  });

  test("that falls silent is noticed, and broken", async () => {
    const { session, client } = await meet(
      on("r", () => {}),
      { pingAfterMs: 150, pingTimeoutMs: 150 },
    );
    const since = performance.now();
    expect(await session.ended).toContain("no sign of life");
    expect(performance.now() - since).toBeGreaterThan(250);
    await client.waitForEnd();
  });

  test("that answers while we are busy stays", async () => {
    const { session, client } = await meet(
      on("r", (peer) => {
        peer.acknowledge();
        // The process stalls for longer than an answer may take.
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
      }),
      { pingAfterMs: 100, pingTimeoutMs: 200 },
    );
    const end = endOf(session);
    await client.waitForElement(/^<r /);
    await wait(50);
    expect(end.reason).toBeUndefined();
  });

  test.each([[true], [false]])(
    "that is only quiet stays, stream management or not (%s)",
    async (streamManagement) => {
      const { session, client } = await meet(
        { streamManagement },
        { pingAfterMs: 50, pingTimeoutMs: 200 },
      );
      const end = endOf(session);
      await wait(600);
      expect(end.reason).toBeUndefined();
      const asked = client.elements.filter((e) => /^<r |<ping/.test(e));
      expect(asked.length).toBeGreaterThan(1);
    },
  );

  test.each([
    ["an entity that XML does not know", "<message><body>&nbsp;</body></message>"],
    ["a reference to NUL", "<message><body>&#0;</body></message>"],
    ["tags that do not match", "<message><body></message></body>"],
    [
      "a stream error",
      "<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>",
    ],
    ["the end of the stream", "</stream:stream>"],
  ])("with %s ends the session, and not the process", async (_, text) => {
    const { session, client } = await meet();
    client.send(text);
    expect(await session.ended).toEqual(expect.any(String));
    await client.waitForEnd();
  });

  test("says which stream error ended it", async () => {
    const { session, client } = await meet();
    client.streamError("system-shutdown");
    expect(await session.ended).toContain("system-shutdown");
  });

  test.each([["@/x"], ["/"], ["@"], ["a@b@c/d"], [" "], [`${"x".repeat(5_000)}@y`], ["&lt;@&gt;"]])(
    "with a stanza from %j goes on",
    async (from) => {
      const { session, client } = await meet();
      const heard = heardBy(session, `anna@${DOMAIN}`);
      for (const name of [
        "message",
        "presence",
        "iq type='get' id='1'",
        "iq type='result' id='1'",
      ]) {
        client.send(`<${name} from='${from}'/>`);
      }
      client.send(said("still here"));
      await vi.waitFor(() => expect(bodies(heard)).toEqual(["still here"]));
    },
  );

  test("without an end to its stanza is ended before it fills the memory", async () => {
    const { session, client } = await meet();
    client.send("<message><body>");
    const chunk = Buffer.alloc(256 * 1024, "x");
    const end = endOf(session);
    for (let sent = 0; sent < 40 && end.reason === undefined; sent += 1)
      await client.sendBytes(chunk);
    expect(await session.ended).toContain("endless stanza");
  });

  test("keeps characters whole that the network splits", async () => {
    const { session, client } = await meet();
    const heard = heardBy(session, `anna@${DOMAIN}`);
    // Its answer to this must not fall between the bytes.
    await client.waitForElement(/^<enable/);
    const text = "日本語 €uro 😀 ñ".repeat(3);
    for (const byte of Buffer.from(said(text))) await client.sendBytes(Uint8Array.of(byte));
    await vi.waitFor(() => expect(bodies(heard)).toEqual([text]));
  });

  test("lets a listener that throws stop nobody else", async () => {
    const counters = new Counters();
    const { session, client } = await meet({}, { counters });
    session.onStanza(`anna@${DOMAIN}`, () => {
      throw new Error("bug");
    });
    const heard = heardBy(session, `ben@${DOMAIN}`);
    client.send(said("one") + said("two", `ben@${DOMAIN}`));
    await vi.waitFor(() => expect(bodies(heard)).toEqual(["two"]));
    expect(counters.value("handler_failures", { where: "xmpp" })).toBe(1);
  });
});

describe("questions and answers", () => {
  test("an answer counts only from whom we asked", async () => {
    const { session, client } = await meet({
      answer: (element) => element.includes("urn:example"),
    });
    const answer = session.request(
      el("iq", { type: "get", to: "room@muc.test/relay" }, el("q", { xmlns: "urn:example" })),
      2_000,
    );
    const id = /id="([^"]+)"/.exec(await client.waitForElement(/urn:example/))?.[1] ?? "";
    for (const from of ["evil@muc.test", "room@muc.test", "room@muc.test/evil"]) {
      client.send(`<iq type='result' id='${id}' from='${from}'><wrong/></iq>`);
    }
    client.send(`<iq type='result' id='${id}'><wrong/></iq>`);
    client.send(`<iq type='result' id='${id}' from='room@muc.test/relay'><right/></iq>`);
    expect((await answer)?.getChild("right")).toBeDefined();
  });

  test("an error is an answer, and silence is none", async () => {
    const { session, client } = await meet({ answer: (element) => element.includes("x.test") });
    const asked = el("iq", { type: "get", to: "x.test" });
    const first = session.request(asked, 2_000);
    const id = /id="([^"]+)"/.exec(await client.waitForElement(/x\.test/))?.[1] ?? "";
    client.send(`<iq type='error' id='${id}' from='x.test'/>`);
    expect((await first)?.attrs["type"]).toBe("error");
    expect(await session.request(asked, 50)).toBeUndefined();
  });

  test("those that wait when the session ends get no answer", async () => {
    const { session, client } = await meet({ answer: (element) => element.includes("x.test") });
    const answer = session.request(el("iq", { type: "get", to: "x.test" }), 60_000);
    await client.waitForElement(/x\.test/);
    client.drop();
    expect(await answer).toBeUndefined();
    expect(await session.request(el("iq", { type: "get", to: "x.test" }), 60_000)).toBeUndefined();
  });

  test.each([
    ["ping", "<ping xmlns='urn:xmpp:ping'/>", /type="result"/],
    ["version", "<query xmlns='jabber:iq:version'/>", /<version>1\.2\.3<\/version>/],
    ["disco", "<query xmlns='http://jabber.org/protocol/disco#info'/>", /category="client"/],
    ["an unknown question", "<query xmlns='urn:example'/>", /service-unavailable/],
  ])("%s is answered to who asked", async (_, query, answer) => {
    const { client } = await meet();
    client.send(`<iq type='get' id='q1' from='anna@${DOMAIN}/home'>${query}</iq>`);
    const element = await client.waitForElement(/id="q1"/);
    expect(element).toMatch(answer);
    expect(element).toContain(`to="anna@${DOMAIN}/home"`);
  });
});

describe("stream management", () => {
  test("is enabled without resumption, and answered with what was handled since", async () => {
    const { session, client } = await meet();
    expect(await client.waitForElement(/^<enable/)).not.toContain("resume");
    const ask = "<r xmlns='urn:xmpp:sm:3'/>";
    client.send(`${said("1")}<presence from='a@b'/><iq type='result' id='0'/>${ask}`);
    await client.waitForElement(/^<a .*h="3"/);
    client.send(`${said("2")}${ask}`);
    await client.waitForElement(/^<a .*h="4"/);
    session.abandon("done");
  });

  test("that the server does not offer is not asked for", async () => {
    const { client, session } = await meet({ streamManagement: false });
    session.send(el("presence"));
    await client.waitForElement(/^<presence/);
    expect(client.elements.some((element) => element.startsWith("<enable"))).toBe(false);
  });
});

describe("sending", () => {
  test("all that is sent in one turn goes out in one write", async () => {
    const { session, client } = await meet();
    await client.waitForElement(/^<enable/);
    const before = client.chunks;
    for (let i = 0; i < 50; i += 1) session.send(el("message", { id: String(i), to: "a@b" }));
    await client.waitForElement(/id="49"/);
    expect(client.chunks - before).toBe(1);
  });

  test("no character of Unicode breaks the stream, in a text or in an attribute", async () => {
    const { session, client } = await meet();
    for (const text of everyCharacter(0x1000)) {
      session.send(el("message", { to: "a@b", id: text }, el("body", {}, text)));
    }
    // Halves of pairs in the wrong order, and one of each alone.
    session.send(el("message", { to: "a@b" }, el("body", {}, "\uDE00\uD83D \uD83D")));
    session.send(el("message", { to: "a@b", id: "last" }));
    await client.waitForElement(/id="last"/);
    expect(faults(client.received)).toEqual([]);
  });

  test.each([
    ["Prosody", () => startProsody({ users: { relay: "secret" } })],
    ["ejabberd", () => startEjabberd({ users: { relay: "secret" } })],
  ])("%s bears every character of Unicode", async (_, start) => {
    const server = await start();
    onTestFinished(() => server.stop());
    const session = await connect({
      service: `xmpp://127.0.0.1:${server.port}`,
      jid: "relay@localhost",
      domain: "localhost",
    });
    const end = endOf(session);
    for (const text of everyCharacter(0x2000)) {
      session.send(el("message", { to: session.jid }, el("body", {}, text)));
    }
    const ping = el("iq", { type: "get", to: "localhost" }, el("ping", { xmlns: "urn:xmpp:ping" }));
    expect((await session.request(ping, 10_000))?.attrs["type"]).toBe("result");
    expect(end.reason).toBeUndefined();
    await session.close();
    expect(await session.ended).toBe("closed");
  });

  test("after the end is nothing, and no error", async () => {
    const { session, client } = await meet();
    await session.close();
    await client.waitForEnd();
    const before = client.received.length;
    session.send(el("presence"));
    session.abandon("again");
    await session.close();
    expect(await session.ended).toBe("closed");
    expect(client.received.length).toBe(before);
  });

  test("close() does not wait for long for a server that says no goodbye", async () => {
    const { session, client } = await meet();
    client.stall();
    const before = performance.now();
    await session.close();
    expect(performance.now() - before).toBeLessThan(1_500);
    expect(await session.ended).toBe("closed");
  });

  test("nothing leaves before everything of its turn has run, and beforeWrite() at last", async () => {
    const events: string[] = [];
    const { session, client } = await meet({}, { beforeWrite: () => events.push("before write") });
    await vi.waitFor(() => expect(events).not.toEqual([]));
    events.length = 0;
    const before = client.received.length;
    session.send(el("message", { to: "a@b", id: "hello" }));
    process.nextTick(() => events.push("tick"));
    queueMicrotask(() => events.push("microtask"));
    setImmediate(() => events.push(`sent ${client.received.length - before}`));
    await vi.waitFor(() => expect(client.elements.at(-1)).toContain("hello"));
    expect(events.toSorted()).toEqual(["before write", "microtask", "sent 0", "tick"]);
    expect(events.slice(-2)).toEqual(["before write", "sent 0"]);
  });

  test("close() sends what was said before it", async () => {
    const { session, client } = await meet();
    session.send(el("message", { to: "a@b", id: "last words" }));
    await session.close();
    expect(client.elements.at(-1)).toContain("last words");
  });
});

/** A server that is given up as soon as somebody has trusted it enough to say something. */
async function serveWebSocket(names: readonly string[]) {
  const directory = await mkdtemp(join(tmpdir(), "saxbridge-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const { ca, certificate, key } = await makeCertificate(directory, names);
  const server = createHttpsServer({ cert: readFileSync(certificate), key: readFileSync(key) });
  const heard: string[] = [];
  new WebSocketServer({ server }).on("connection", (socket) => {
    socket.on("message", (data: Buffer) => {
      heard.push(data.toString());
      socket.close();
    });
  });
  const port = await freePort();
  server.listen(port, "127.0.0.1");
  onTestFinished(() => {
    server.close();
  });
  await once(server, "listening");
  return { ca, heard, service: `wss://127.0.0.1:${port}` };
}

describe("over a WebSocket with TLS", () => {
  test("a certificate of an authority that we trust is good", async () => {
    const { ca, heard, service } = await serveWebSocket(["127.0.0.1"]);
    await expect(connect({ service, tlsCa: ca, tls: "required" })).rejects.toThrow(/closed/);
    expect(heard.join("")).toContain("<open ");
  });

  test.each([
    ["of nobody that we trust", ["127.0.0.1"], false, /certificate/],
    ["for another host", ["other.test"], true, /altnames/],
  ])("a certificate %s is refused", async (_, names, isTrusted, reason) => {
    const { ca, heard, service } = await serveWebSocket(names);
    const attempt = connect({ service, tls: "required", tlsCa: isTrusted ? ca : undefined });
    await expect(attempt).rejects.toThrow(reason);
    expect(heard).toEqual([]);
  });
});

describe.each([
  ["Prosody", startProsody],
  ["ejabberd", startEjabberd],
])("over a WebSocket of %s", (_, start) => {
  let server: XmppServer;
  beforeAll(async () => {
    server = await start({ users: { relay: "secret" } });
    return () => server.stop();
  });

  const logIn = (differences: Partial<XmppOptions> = {}) =>
    connect({
      service: server.webSocketUrl,
      jid: "relay@localhost",
      domain: "localhost",
      ...differences,
    });

  test("we log in, bear every character, and say goodbye", async () => {
    let writes = 0;
    const session = await logIn({ beforeWrite: () => (writes += 1) });
    const heard = heardBy(session, "relay@localhost");
    for (const text of everyCharacter(0x2000)) {
      session.send(el("message", { to: session.jid }, el("body", {}, text)));
    }
    session.send(el("message", { to: session.jid }, el("body", {}, "日本語 😀")));
    await vi.waitFor(() => expect(bodies(heard).at(-1)).toBe("日本語 😀"), 10_000);
    expect(writes).toBeGreaterThan(0);
    await session.close();
    expect(await session.ended).toBe("closed");
  });

  test("a wrong password is fatal", async () => {
    const password = { reveal: () => "wrong" };
    await expect(logIn({ password })).rejects.toThrow(FatalError);
  });

  test("the end of the server is the end of the session", async () => {
    const session = await logIn();
    await server.kill9();
    expect(await session.ended).toEqual(expect.any(String));
    await expect(logIn()).rejects.toThrow(/Cannot connect/);
    await server.restart();
  });
});

function nonceOf(auth: string): string {
  const text = Buffer.from(/>([^<]*)</.exec(auth)?.[1] ?? "", "base64").toString();
  return /r=([^,]*)/.exec(text)?.[1] ?? "";
}

/** All code points of Unicode, so many in each text; half a pair stands before no other half. */
function* everyCharacter(step: number): Generator<string> {
  for (let from = 0; from <= 0x10ffff; from += step) {
    yield Array.from({ length: step }, (_, i) => String.fromCodePoint(from + i)).join("");
  }
}

/** What no XML 1.0 parser may accept (section 2.2, Char; 2.4; 4.1) in the bytes of a stream. */
function faults(bytes: Uint8Array): string[] {
  const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  const forbidden = text.match(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu) ?? [];
  const badReference = text.match(/&(?!(?:amp|lt|gt|quot|apos);)/g) ?? [];
  const badAttribute = text.match(/="[^"]*<[^"]*"/g) ?? [];
  return [...forbidden, ...badReference, ...badAttribute];
}

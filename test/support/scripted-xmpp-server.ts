import { createHash, createHmac, pbkdf2Sync, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { type Matches, Received } from "./users/received.ts";
import { StanzaSplitter } from "./users/stanza-splitter.ts";
import { attribute, children, childText, escapeXml, nameOf } from "./users/stanza-text.ts";

/** What is different from a polite server; everything left out is polite. */
export interface XmppScript {
  /** SASL mechanisms on offer. Default SCRAM-SHA-1 alone. */
  readonly mechanisms?: readonly string[];
  /** The password of every account. Default "secret". */
  readonly password?: string;
  /** Whether the server proves in SCRAM that it knows the password. Default `right`. */
  readonly signature?: "right" | "wrong" | "missing";
  /** Whether XEP-0198 is offered. Default true. */
  readonly streamManagement?: boolean;
  /** Called at each stream header, the `nth` of its connection; true keeps the server from answering it. */
  readonly open?: (client: ScriptedXmppClient, nth: number) => boolean | void;
  /** Called with each element; true keeps the polite server from answering it. */
  readonly answer?: (element: string, client: ScriptedXmppClient) => boolean | void;
}

export const DOMAIN = "xmpp.test";
const WAIT_MS = 10_000;

/** An XMPP server on a free port of 127.0.0.1 that behaves as a test says. Ended by `close()`. */
export class ScriptedXmppServer {
  readonly port: number;
  readonly #server: Server;
  readonly #clients = new Received<ScriptedXmppClient>("the server", () => "a client");

  static async start(script: XmppScript = {}): Promise<ScriptedXmppServer> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new ScriptedXmppServer(server, script);
  }

  private constructor(server: Server, script: XmppScript) {
    this.#server = server;
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("The server has no port");
    this.port = address.port;
    server.on("connection", (socket) => this.#clients.add(new ScriptedXmppClient(socket, script)));
  }

  get service(): string {
    return `xmpp://127.0.0.1:${this.port}`;
  }

  /** Everybody who has ever connected, in order. */
  get clients(): readonly ScriptedXmppClient[] {
    return this.#clients.items;
  }

  /** The client that connects as the `nth` one, counted from 1. */
  client(nth = 1): Promise<ScriptedXmppClient> {
    return this.#clients.wait(`client ${nth}`, (c) => this.clients.indexOf(c) === nth - 1, WAIT_MS);
  }

  async close(): Promise<void> {
    for (const client of this.clients) client.drop();
    this.#server.close();
    await once(this.#server, "close");
  }
}

/** One connection, as the server sees it. */
export class ScriptedXmppClient {
  /** Every byte that came in. */
  received = Buffer.alloc(0);
  /** How many writes of the other side arrived, as far as TCP kept them apart. */
  chunks = 0;
  /** The full JID that was bound; the domain until then. */
  jid = DOMAIN;
  readonly #socket: Socket;
  readonly #script: XmppScript;
  readonly #elements = new Received<string>("the server", (element) => element.slice(0, 500));
  readonly #ends = new Received<true>("the server", () => "the end");
  readonly #splitter = new StanzaSplitter();
  readonly #decoder = new TextDecoder();
  #streams = 0;
  #isLoggedIn = false;
  #clientFirst = "";
  #serverFirst = "";

  constructor(socket: Socket, script: XmppScript) {
    this.#socket = socket;
    this.#script = script;
    socket.setNoDelay(true);
    socket.on("data", (bytes: Buffer) => this.#read(bytes));
    socket.on("error", () => {});
    socket.on("close", () => {
      this.#ends.add(true);
      this.#elements.end("the connection is closed");
    });
  }

  /** Every element that came in after a stream header, as it was written. */
  get elements(): readonly string[] {
    return this.#elements.items;
  }

  send(xml: string): void {
    this.#socket.write(xml);
  }

  /** Sends bytes as they are; resolves when the system has taken them, so that two calls are two packets. */
  sendBytes(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      this.#socket.write(bytes, () => setImmediate(resolve));
    });
  }

  /** Reads no more, and answers nothing: what a machine without power looks like. */
  stall(): void {
    this.#socket.pause();
  }

  /** Closes at once, with what is still to be written unwritten. */
  drop(): void {
    this.#socket.destroy();
  }

  /** Closes with a TCP reset. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }

  /** The first element that fits, whether it has come already or not. */
  waitForElement(fits: RegExp | Matches<string>): Promise<string> {
    const matches = typeof fits === "function" ? fits : (element: string) => fits.test(element);
    return this.#elements.wait(String(fits), matches, WAIT_MS);
  }

  /** Resolves when the connection is gone. */
  waitForEnd(timeoutMs = WAIT_MS): Promise<true> {
    return this.#ends.wait("the end of the connection", () => true, timeoutMs);
  }

  /** Opens the server's half of the stream, with these features or the polite ones. */
  openStream(features = this.#features()): void {
    this.send(
      `<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='${STREAMS}' ` +
        `id='${this.#streams}' from='${DOMAIN}' version='1.0'>` +
        `<stream:features>${features}</stream:features>`,
    );
  }

  /** Ends the stream as a server does that has had enough (RFC 6120 section 4.9). */
  streamError(condition: string): void {
    this.#socket.end(
      `<stream:error><${condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>`,
    );
  }

  #features(): string {
    const { mechanisms = ["SCRAM-SHA-1"], streamManagement = true } = this.#script;
    if (!this.#isLoggedIn) {
      const offers = mechanisms.map((name) => `<mechanism>${name}</mechanism>`);
      return `<mechanisms xmlns='${SASL}'>${offers.join("")}</mechanisms>`;
    }
    return `<bind xmlns='${BIND}'/>${streamManagement ? `<sm xmlns='${SM}'/>` : ""}`;
  }

  #read(bytes: Buffer): void {
    this.chunks += 1;
    this.received = Buffer.concat([this.received, bytes]);
    const text = this.#decoder.decode(bytes, { stream: true });
    const header = /<stream:stream[^>]*>/.exec(text);
    if (header !== null) {
      this.#splitter.reset();
      this.#streams += 1;
      if (this.#script.open?.(this, this.#streams) !== true) this.openStream();
    }
    for (const element of this.#splitter.push(text)) {
      if (this.#script.answer?.(element, this) !== true) answers[nameOf(element)]?.(this, element);
      this.#elements.add(element);
    }
    if (text.includes("</stream:stream>")) this.#socket.end("</stream:stream>");
  }

  /** SASL (RFC 6120 section 6): PLAIN, or the first step of SCRAM. */
  logIn(auth: string): void {
    const initial = Buffer.from(innerText(auth), "base64").toString();
    const mechanism = attribute(auth, "mechanism") ?? "";
    if (mechanism === "PLAIN") {
      const [, , password] = initial.split("\0");
      return password === this.#password ? this.#succeed("") : this.refuseLogin("not-authorized");
    }
    this.#clientFirst = initial.replace(/^n,,/, "");
    const nonce = /r=([^,]*)/.exec(initial)?.[1] ?? "";
    const salt = randomBytes(8).toString("base64");
    this.#serverFirst = `r=${nonce}${randomBytes(6).toString("hex")},s=${salt},i=${ITERATIONS}`;
    this.#hash = HASHES.get(mechanism) ?? "sha1";
    this.challenge(this.#serverFirst);
  }

  challenge(text: string): void {
    this.send(`<challenge xmlns='${SASL}'>${toBase64(text)}</challenge>`);
  }

  refuseLogin(condition: string): void {
    this.send(`<failure xmlns='${SASL}'><${condition}/></failure>`);
  }

  /** The second step of SCRAM (RFC 5802 section 3). */
  prove(response: string): void {
    const clientFinal = Buffer.from(innerText(response), "base64").toString();
    const [withoutProof = "", proof = ""] = clientFinal.split(",p=");
    const hash = this.#hash;
    const salt = Buffer.from(/s=([^,]*)/.exec(this.#serverFirst)?.[1] ?? "", "base64");
    const length = createHash(hash).digest().length;
    const salted = pbkdf2Sync(this.#password, salt, ITERATIONS, length, hash);
    const sign = (key: Buffer, text: string) => createHmac(hash, key).update(text).digest();
    const message = `${this.#clientFirst},${this.#serverFirst},${withoutProof}`;
    const storedKey = createHash(hash).update(sign(salted, "Client Key")).digest();
    const signature = sign(storedKey, message);
    const clientKey = Buffer.from(proof, "base64").map((byte, i) => byte ^ (signature[i] ?? 0));
    if (!createHash(hash).update(clientKey).digest().equals(storedKey)) {
      return this.refuseLogin("not-authorized");
    }
    this.#succeed(this.#verifier(sign(sign(salted, "Server Key"), message)));
  }

  #verifier(signature: Buffer): string {
    const { signature: truth = "right" } = this.#script;
    if (truth === "missing") return "";
    return `v=${(truth === "right" ? signature : signature.map((byte) => byte ^ 1)).toString("base64")}`;
  }

  #hash = "sha1";

  get #password(): string {
    return this.#script.password ?? "secret";
  }

  #succeed(additionalData: string): void {
    this.#isLoggedIn = true;
    this.send(`<success xmlns='${SASL}'>${toBase64(additionalData)}</success>`);
  }

  /** IQ: binds, lets everybody into rooms and answers every ping; anything else is none of its business. */
  answerIq(iq: string): void {
    const id = escapeXml(attribute(iq, "id") ?? "");
    const to = attribute(iq, "to");
    const from = to === undefined ? "" : ` from='${escapeXml(to)}'`;
    if (children(iq, "bind").length > 0) {
      this.jid = `relay@${DOMAIN}/bound`;
      this.send(
        `<iq type='result' id='${id}'><bind xmlns='${BIND}'><jid>${this.jid}</jid></bind></iq>`,
      );
    } else if (children(iq, "ping").length > 0) {
      this.send(`<iq type='result' id='${id}'${from} to='${this.jid}'/>`);
    }
  }

  /** Rooms: whoever joins is in, and leaves when they say so (XEP-0045). */
  answerPresence(presence: string): void {
    const to = escapeXml(attribute(presence, "to") ?? "");
    const room = to.split("/")[0] ?? "";
    const isLeaving = attribute(presence, "type") === "unavailable";
    if (!to.includes("/")) return;
    this.send(
      `<presence from='${to}' to='${this.jid}'${isLeaving ? " type='unavailable'" : ""}>` +
        `<x xmlns='${MUC_USER}'><item affiliation='none' role='participant'/><status code='110'/></x></presence>`,
    );
    if (isLeaving) return;
    this.#nicks.set(room, to);
    this.send(
      `<message from='${room}' type='groupchat' to='${this.jid}'><subject>quiet</subject></message>`,
    );
  }

  readonly #nicks = new Map<string, string>();

  /** Reflects what is said in a room. */
  reflect(message: string): void {
    const from = this.#nicks.get(escapeXml(attribute(message, "to") ?? ""));
    if (from === undefined || attribute(message, "type") !== "groupchat") return;
    const id = escapeXml(attribute(message, "id") ?? "");
    const body = escapeXml(childText(message, "body") ?? "");
    this.send(
      `<message from='${from}' to='${this.jid}' type='groupchat' id='${id}'><body>${body}</body></message>`,
    );
  }

  enable(): void {
    this.send(`<enabled xmlns='${SM}'/>`);
  }

  /** XEP-0198: says how many stanzas were handled; a server that withholds this is silent. */
  acknowledge(): void {
    this.send(`<a xmlns='${SM}' h='0'/>`);
  }
}

const STREAMS = "http://etherx.jabber.org/streams";
const SASL = "urn:ietf:params:xml:ns:xmpp-sasl";
const BIND = "urn:ietf:params:xml:ns:xmpp-bind";
const SM = "urn:xmpp:sm:3";
const MUC_USER = "http://jabber.org/protocol/muc#user";

/** Few, so that a test's login costs nothing. */
const ITERATIONS = 16;
const HASHES: ReadonlyMap<string, string> = new Map([
  ["SCRAM-SHA-1", "sha1"],
  ["SCRAM-SHA-256", "sha256"],
  ["SCRAM-SHA-512", "sha512"],
]);

type Answer = (client: ScriptedXmppClient, element: string) => void;

/** What a polite server does; an element that is not here gets no answer. */
const answers: Readonly<Record<string, Answer | undefined>> = {
  auth: (client, element) => client.logIn(element),
  response: (client, element) => client.prove(element),
  iq: (client, element) => client.answerIq(element),
  presence: (client, element) => client.answerPresence(element),
  message: (client, element) => client.reflect(element),
  enable: (client) => client.enable(),
  r: (client) => client.acknowledge(),
};

function innerText(element: string): string {
  return /^<[^>]*>([^<]*)</.exec(element)?.[1] ?? "";
}

function toBase64(text: string): string {
  return Buffer.from(text).toString("base64");
}

import { readPem } from "../config/pem.ts";
import { errorMessage } from "../error-message.ts";
import type { Counters } from "../observe/counters.ts";
import type { Logger } from "../observe/logger.ts";
import { FatalError } from "../retry/keep-connected.ts";
import type { LibraryClient, LibraryClientOptions } from "./library-client.ts";
import { findServices } from "./services.ts";
import type { XmppSession } from "./session.ts";
import { bareOf, parseJid } from "./wire/jid.ts";
import { STREAM_MANAGEMENT } from "./wire/namespaces.ts";
import { answerQuery } from "./wire/queries.ts";
import { serialise } from "./wire/serialise.ts";
import { type Element, el, type Node } from "./wire/xml.ts";

/** How long an answer to the server's request for acknowledgement may wait for others, in milliseconds. */
const ACKNOWLEDGE_WITHIN = 20;

export interface XmppOptions {
  readonly jid: string;
  readonly password: { reveal(): string };
  /** A service URL; without one the domain's SRV records are asked. */
  readonly service?: string | undefined;
  readonly domain: string;
  readonly tls: "required" | "optional";
  /** A file of PEM certificates to trust instead of those that come with Node.js. */
  readonly tlsCa?: string | undefined;
  /** What we say of ourselves when asked (XEP-0092). */
  readonly version: string;
  /** How long one service may take from the first SYN to the bound resource; 20 s. */
  readonly connectTimeoutMs?: number;
  /** After so long without a byte we ask whether the server is there; 10 s. */
  readonly pingAfterMs?: number;
  /** After so long without a byte in answer it is dead; 10 s. */
  readonly pingTimeoutMs?: number;
  /** Called right before stanzas are written to the server. */
  readonly beforeWrite?: () => void;
  readonly log: Logger;
  readonly counters: Counters;
}

/**
 * Opens one stream and logs in. Rejects when that fails: with a `FatalError` when the server refuses
 * the password or the account, or a file cannot be read, because no waiting heals that.
 */
export async function connectXmpp(options: XmppOptions, signal: AbortSignal): Promise<XmppSession> {
  const services =
    options.service === undefined ? await findServices(options.domain) : [options.service];
  let failure: unknown;
  for (const service of services) {
    try {
      return await openStream(service, options, signal);
    } catch (error) {
      if (error instanceof FatalError) throw error;
      if (isRefusedLogin(error)) {
        throw new FatalError(
          `Cannot log in to XMPP as ${options.jid}: ${errorMessage(error)}; check the JID and the password`,
          { cause: error },
        );
      }
      failure = error;
    }
  }
  throw new Error(`Cannot connect to XMPP at ${services.join(", ")}: ${errorMessage(failure)}`, {
    cause: failure,
  });
}

async function openStream(
  service: string,
  options: XmppOptions,
  signal: AbortSignal,
): Promise<XmppSession> {
  // The library takes a while to load; who has nothing to wait for need not wait for that.
  const { LibraryClient } = await import("./library-client.ts");
  const { WebSocket } = isFramed(service) ? await import("ws") : {};
  signal.throwIfAborted();
  const open = (library: LibraryClientOptions) => new LibraryClient({ ...library, WebSocket });
  const session = new Stream(service, options, open);
  const stop = () => session.abandon("stopped");
  const deadline = setTimeout(
    () => session.abandon("the server did not answer in time"),
    options.connectTimeoutMs ?? 20_000,
  );
  signal.addEventListener("abort", stop, { once: true });
  try {
    await session.open();
    return session;
  } finally {
    clearTimeout(deadline);
    signal.removeEventListener("abort", stop);
  }
}

class Stream implements XmppSession {
  readonly ended: Promise<string>;
  readonly #options: XmppOptions;
  readonly #client: LibraryClient;
  readonly #listeners = new Map<string, Set<(stanza: Element) => void>>();
  readonly #requests = new Map<string, { to: string; answer: (iq: Element | undefined) => void }>();
  readonly #framed: boolean;
  #end: (reason: string) => void = () => {};
  #broken: (error: Error) => void = () => {};
  #over = false;
  #jid = "";
  /** What goes out together at the end of this turn. */
  #outgoing: string[] = [];
  #lastRequest = 0;
  #lastBytes = performance.now();
  #watch: NodeJS.Timeout | undefined;
  #asked = false;
  /** XEP-0198: stanzas handled since stream management was enabled; undefined while it is not. */
  #handled: number | undefined;
  #acknowledging: NodeJS.Timeout | undefined;
  #managed = false;

  constructor(
    service: string,
    options: XmppOptions,
    openClient: (options: LibraryClientOptions) => LibraryClient,
  ) {
    this.#options = options;
    this.#framed = isFramed(service);
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.#client = openClient({
      service,
      domain: options.domain,
      username: parseJid(options.jid)?.local ?? options.jid,
      password: options.password,
      requireTls: options.tls === "required",
      ca: readPem("XMPP_TLS_CA", options.tlsCa),
      onElement: (element) => this.#read(element),
      onBytes: () => {
        this.#lastBytes = performance.now();
        this.#asked = false;
      },
      onBroken: (error) => this.#finish(error),
    });
  }

  get jid(): string {
    return this.#jid;
  }

  get heardAt(): number {
    return this.#lastBytes;
  }

  get #pingAfterMs(): number {
    return this.#options.pingAfterMs ?? 10_000;
  }

  get #pingTimeoutMs(): number {
    return this.#options.pingTimeoutMs ?? 10_000;
  }

  async open(): Promise<void> {
    const broken = new Promise<never>((_resolve, reject) => {
      this.#broken = reject;
    });
    const { jid, offersStreamManagement } = await Promise.race([this.#client.start(), broken]);
    this.#jid = jid;
    // Without `resume`: a stream that breaks is replaced by a new one, and the outbox and the archive
    // tell what was said meanwhile. What is wanted here is the server's word that it is alive.
    if (offersStreamManagement) this.send(el("enable", { xmlns: STREAM_MANAGEMENT }));
    this.#keepWatch(this.#pingAfterMs);
  }

  send(stanza: Node): void {
    if (this.#over) return;
    // The check phase: by then everything that belongs to this turn has run.
    if (this.#outgoing.length === 0) setImmediate(() => this.#flush());
    this.#outgoing.push(serialise(this.#framed ? withNamespace(stanza) : stanza));
  }

  request(iq: Node, timeoutMs: number): Promise<Element | undefined> {
    this.#lastRequest += 1;
    const id = `sax${this.#lastRequest.toString(36)}`;
    return new Promise((resolve) => {
      if (this.#over) return resolve(undefined);
      const timer = setTimeout(() => answer(undefined), timeoutMs);
      const answer = (result: Element | undefined) => {
        clearTimeout(timer);
        this.#requests.delete(id);
        resolve(result);
      };
      this.#requests.set(id, { to: iq.attrs["to"] ?? "", answer });
      this.send({ ...iq, attrs: { ...iq.attrs, id } });
    });
  }

  onStanza(from: string, listener: (stanza: Element) => void): () => void {
    const key = from.toLowerCase();
    const listeners = this.#listeners.get(key) ?? new Set();
    this.#listeners.set(key, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  abandon(reason: string): void {
    this.#client.destroy(reason);
  }

  async close(): Promise<void> {
    if (this.#over) return;
    this.#flush();
    await this.#client.stop();
    this.#finish(new Error("closed"));
  }

  #flush(): void {
    if (this.#over || this.#outgoing.length === 0) return;
    const stanzas = this.#outgoing;
    this.#outgoing = [];
    this.#options.beforeWrite?.();
    if (!this.#framed) this.#client.write(stanzas.join(""));
    else for (const stanza of stanzas) this.#client.write(stanza);
  }

  #read(element: Element): void {
    try {
      this.#dispatch(element);
    } catch (error) {
      // One stanza that we cannot handle must not stop the ones behind it.
      this.#options.counters.add("handler_failures", { where: "xmpp" });
      this.#options.log.error("handler failed", { where: "xmpp", error });
    }
  }

  #dispatch(element: Element): void {
    const { name } = element;
    if (name === "message" || name === "presence") {
      this.#countHandled();
      const from = bareOf(element.attrs["from"] ?? "").toLowerCase();
      for (const listener of this.#listeners.get(from) ?? []) listener(element);
    } else if (name === "iq") {
      this.#countHandled();
      this.#readIq(element);
    } else if (element.is("r", STREAM_MANAGEMENT)) {
      this.#acknowledge();
    } else if (element.is("enabled", STREAM_MANAGEMENT)) {
      this.#handled = 0;
      this.#managed = true;
    }
  }

  /** A busy server asks after every few stanzas; one answer serves for all it asks in a moment. */
  #acknowledge(): void {
    this.#acknowledging ??= setTimeout(() => {
      this.#acknowledging = undefined;
      this.send(el("a", { xmlns: STREAM_MANAGEMENT, h: String(this.#handled ?? 0) }));
    }, ACKNOWLEDGE_WITHIN);
  }

  /** XEP-0198 section 4: `h` counts modulo 2^32. */
  #countHandled(): void {
    if (this.#handled !== undefined) this.#handled = (this.#handled + 1) % 2 ** 32;
  }

  #readIq(iq: Element): void {
    const { type, id = "", from } = iq.attrs;
    if (type === "get" || type === "set") {
      const answer = answerQuery(iq, {
        name: "saxbridge",
        version: this.#options.version,
        identity: { category: "client", type: "bot" },
        features: [],
      });
      if (answer !== undefined) this.send(answer);
      return;
    }
    const request = this.#requests.get(id);
    // RFC 6120 section 8.1.2.1: an answer counts only when it comes from whom we asked.
    if (request !== undefined && isFrom(from, request.to, this.#options.domain)) request.answer(iq);
  }

  /** Asks a quiet server for a sign of life, and gives it up when none comes. */
  #keepWatch(wait: number): void {
    this.#watch = setTimeout(() => {
      const quietFor = performance.now() - this.#lastBytes;
      // After a stall of ours the answer may be waiting to be read: one turn more.
      if (this.#asked) return void setImmediate(() => this.#judge());
      if (quietFor < this.#pingAfterMs) return this.#keepWatch(this.#pingAfterMs - quietFor);
      this.#asked = true;
      if (this.#managed) this.send(el("r", { xmlns: STREAM_MANAGEMENT }));
      else void this.request(ping(this.#options.domain), this.#pingTimeoutMs);
      this.#keepWatch(this.#pingTimeoutMs);
    }, wait);
  }

  #judge(): void {
    if (this.#asked) this.abandon("the server gave no sign of life");
    else if (!this.#over) this.#keepWatch(this.#pingAfterMs);
  }

  #finish(error: Error): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#watch);
    clearTimeout(this.#acknowledging);
    for (const { answer } of this.#requests.values()) answer(undefined);
    this.#broken(error);
    this.#end(error.message);
  }
}

/** RFC 7395. */
function isFramed(service: string): boolean {
  return /^wss?:/.test(service);
}

/** RFC 7395 section 3.3: each message holds one stanza, which names its namespace itself. */
function withNamespace(stanza: Node): Node {
  return { ...stanza, attrs: { xmlns: "jabber:client", ...stanza.attrs } };
}

/** XEP-0199. */
function ping(to: string): Node {
  return el("iq", { type: "get", to }, el("ping", { xmlns: "urn:xmpp:ping" }));
}

function isFrom(from: string | undefined, to: string, domain: string): boolean {
  if (from === undefined) return to === "" || to === domain;
  return from.toLowerCase() === to.toLowerCase();
}

/** RFC 6120 section 6.5: these say that the account or the password is wrong, not that the server is unwell. */
const REFUSED_LOGIN = new Set([
  "not-authorized",
  "account-disabled",
  "credentials-expired",
  "invalid-authzid",
  "mechanism-too-weak",
]);

function isRefusedLogin(error: unknown): boolean {
  if (!(error instanceof Error) || error.name !== "SASLError") return false;
  return "condition" in error && REFUSED_LOGIN.has(String(error.condition));
}

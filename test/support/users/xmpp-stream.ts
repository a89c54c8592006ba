import { connect, type Socket } from "node:net";
import { type Matches, Received } from "./received.ts";
import { StanzaSplitter } from "./stanza-splitter.ts";
import { attribute, escapeXml, nameOf } from "./stanza-text.ts";

/** Where a stream goes, and whose it is in error messages. */
export interface StreamOptions {
  readonly port: number;
  readonly domain: string;
  readonly who: string;
}

const TIMEOUT_MS = 10_000;

/** A plain XMPP stream over TCP, in text: what the server sent is kept exactly as it was written. */
export class XmppStream {
  readonly #options: StreamOptions;
  readonly #socket: Socket;
  readonly #stanzas: Received<string>;
  readonly #splitter = new StanzaSplitter();
  // Fatal: a server that cuts a character or sends bad UTF-8 must not go unnoticed.
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });
  readonly #listeners = new Set<(stanza: string) => void>();
  #lastId = 0;

  private constructor(options: StreamOptions) {
    this.#options = options;
    this.#stanzas = new Received(options.who, (stanza) => stanza.slice(0, 500));
    this.#socket = connect({ port: options.port, host: "127.0.0.1", noDelay: true });
    this.#socket.on("data", (bytes) => this.#take(bytes));
    this.#socket.on("error", (error) => this.#stanzas.end(error.message));
    this.#socket.on("close", () => this.#stanzas.end("the connection is closed"));
  }

  /** Resolves when the server has sent its stream features. */
  static async open(options: StreamOptions): Promise<XmppStream> {
    const stream = new XmppStream(options);
    await stream.#begin();
    return stream;
  }

  get stanzas(): Received<string> {
    return this.#stanzas;
  }

  /** Calls the listener with every stanza from now on. */
  onStanza(listener: (stanza: string) => void): void {
    this.#listeners.add(listener);
  }

  /** Calls the listener with the reason when the stream is over. */
  onEnd(listener: (reason: string) => void): void {
    this.#socket.once("close", () => listener("the connection is closed"));
  }

  /** Writes the text as it is. */
  send(xml: string): void {
    this.#socket.write(xml);
  }

  /** Sends an IQ without `id` and resolves with the answer, be it result or error. */
  request(iq: string): Promise<string> {
    this.#lastId += 1;
    const id = `request-${this.#lastId}`;
    this.send(iq.replace(/^<iq/, `<iq id='${id}'`));
    return this.#next(`an answer to ${iq}`, (s) => nameOf(s) === "iq" && attribute(s, "id") === id);
  }

  /** The first stanza that matches, among those that came and those to come. */
  wait(what: string, matches: Matches<string>, timeoutMs = TIMEOUT_MS): Promise<string> {
    return this.#stanzas.wait(what, matches, timeoutMs);
  }

  /** Logs in with SASL PLAIN (RFC 4616) and binds a resource; resolves with the full JID. */
  async logIn(user: string, password: string, resource: string): Promise<string> {
    const secret = Buffer.from(`\0${user}\0${password}`).toString("base64");
    this.send(`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${secret}</auth>`);
    const verdict = await this.#next("an answer to its password", (s) =>
      ["success", "failure"].includes(nameOf(s)),
    );
    if (nameOf(verdict) === "failure") {
      throw new Error(`Cannot log in as ${user}: the server answered ${verdict}`);
    }
    this.#splitter.reset();
    await this.#begin();
    const bound = await this.request(
      `<iq type='set'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>${escapeXml(resource)}</resource></bind></iq>`,
    );
    const jid = /<jid>(.*?)<\/jid>/.exec(bound)?.[1];
    if (jid === undefined) throw new Error(`Cannot bind ${resource}: the server answered ${bound}`);
    return jid;
  }

  /** Says goodbye and closes. */
  close(): void {
    this.#socket.end("</stream:stream>");
  }

  /** Breaks the connection without a goodbye. */
  break(): void {
    this.#socket.resetAndDestroy();
  }

  #next(what: string, matches: Matches<string>): Promise<string> {
    return this.#stanzas.next(what, matches, TIMEOUT_MS);
  }

  async #begin(): Promise<void> {
    this.send(
      `<?xml version='1.0'?><stream:stream to='${escapeXml(this.#options.domain)}' version='1.0' ` +
        "xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>",
    );
    await this.#next("stream features", (stanza) => nameOf(stanza) === "stream:features");
  }

  #take(bytes: Buffer): void {
    for (const stanza of this.#splitter.push(this.#decoder.decode(bytes, { stream: true }))) {
      for (const listener of this.#listeners) listener(stanza);
      this.#stanzas.add(stanza);
    }
  }
}

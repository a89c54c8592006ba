import { Socket } from "node:net";
import { StringDecoder } from "node:string_decoder";
import { setTimeout as wait } from "node:timers/promises";
import { type Client, client as createClient, type LibraryElement } from "@xmpp/client";
import { bestMechanism, LibraryLogin, NS_SASL, offersLogin } from "./library-login.ts";
import {
  destroySocket,
  secureSocket,
  type Trust,
  trustCertificates,
} from "./library-transports.ts";
import { STREAM_MANAGEMENT } from "./wire/namespaces.ts";

const NS_STREAM = "http://etherx.jabber.org/streams";
const NS_TLS = "urn:ietf:params:xml:ns:xmpp-tls";
const NS_SASL2 = "urn:xmpp:sasl:2";

/** How long the server may take to say goodbye, in milliseconds; the library would wait for half a minute. */
const GOODBYE = 1_000;

/** More than any server lets a client send in one stanza; nothing may make us buffer without end. */
const MOST_STANZA_BYTES = 4 * 1024 * 1024;

export interface LibraryClientOptions extends Trust {
  readonly service: string;
  readonly username: string;
  readonly password: { reveal(): string };
  /** Refuse to log in on a stream without TLS. */
  readonly requireTls: boolean;
  /** Called with every element that arrives after the login. */
  readonly onElement: (element: LibraryElement) => void;
  /** Called for every chunk of bytes that arrives. */
  readonly onBytes: () => void;
  /** Called when the stream cannot go on; the client is destroyed by then. */
  readonly onBroken: (error: Error) => void;
}

/**
 * The library's client with what was found wanting put right:
 * - characters split over two reads are decoded whole, and a parser error ends the stream, not the process;
 * - a socket it lets go of is destroyed and cannot raise an unheard error;
 * - its reconnecting and its stream management stay out of the way: this program has its own;
 * - TLS is demanded, with SNI and certificates of one's own, and SASL proves both sides;
 * - what arrives after the login comes straight to `onElement`, past the library's middleware, which
 *   throws on addresses it cannot read.
 */
export class LibraryClient {
  readonly #options: LibraryClientOptions;
  readonly #client: Client;
  readonly #login: LibraryLogin;
  #isLive = false;
  #over = false;
  #offersStreamManagement = false;
  #awaitsTls = false;
  #bytesSinceElement = 0;
  #decoder = new StringDecoder("utf8");

  constructor(options: LibraryClientOptions) {
    this.#options = options;
    this.#client = createLibraryClient(options);
    this.#login = new LibraryLogin(this.#client);
    trustCertificates(this.#client, options);
    this.#interpose();
    this.#client.on("error", (error: Error) => this.#fail(error));
    this.#client.on("close", () => this.destroy("the server closed the stream"));
    this.#client.on("disconnect", () => this.destroy("the connection was closed"));
  }

  /** Connects, secures the stream, logs in and binds; rejects with what went wrong. */
  async start(): Promise<{ readonly jid: string; readonly offersStreamManagement: boolean }> {
    const client = this.#client;
    const { service, domain } = this.#options;
    // The library's own start() waits for the login with a promise that nobody watches when the opening
    // fails, and its rejection ends the process. `#fail` tells of every failure, so this one never rejects.
    const online = new Promise((resolve) => {
      client.once("online", resolve);
    });
    try {
      await client.connect(service);
      await client.open({ domain });
    } catch (error) {
      this.#fail(asError(error));
      throw error;
    }
    await online;
    this.#isLive = true;
    return { jid: String(client.jid), offersStreamManagement: this.#offersStreamManagement };
  }

  write(xml: string): void {
    if (!this.#over) this.#client.write(xml).catch(this.#fail);
  }

  /** Closes the stream politely, and after a second all the same. */
  async stop(): Promise<void> {
    this.#over = true;
    const enough = new AbortController();
    const stopped = this.#client.stop().catch(ignore);
    // What the library waits for meanwhile settles with its own deadline, and nobody cares.
    await Promise.race([stopped, wait(GOODBYE, undefined, enough).catch(ignore)]);
    enough.abort();
    destroySocket(this.#client.socket);
  }

  /** Breaks the connection; `onBroken` is told this reason, unless it was told another before. */
  destroy(reason: string): void {
    this.#fail(new Error(reason));
  }

  readonly #fail = (error: Error): void => {
    if (this.#over) return;
    this.#over = true;
    destroySocket(this.#client.socket);
    this.#options.onBroken(error);
  };

  /** Puts us between the library's sockets, its parser and its middleware. */
  #interpose(): void {
    const client = this.#client;
    const readElement = client._onElement.bind(client);
    client._onElement = (element) => this.#readElement(element, readElement);
    client._onData = (data) => this.#readData(data);
    const attach = client._attachSocket.bind(client);
    client._attachSocket = (socket) => {
      this.#decoder = new StringDecoder("utf8");
      socket.on("error", ignore);
      // What is said together is written together; a word must not wait for the answer to the last one.
      if (socket instanceof Socket) socket.setNoDelay(true);
      attach(socket);
    };
    const detach = client._detachSocket.bind(client);
    client._detachSocket = () => {
      const { socket } = client;
      detach();
      destroySocket(socket);
    };
  }

  #readData(data: Uint8Array | string): void {
    this.#options.onBytes();
    this.#bytesSinceElement += data.length;
    if (this.#bytesSinceElement > MOST_STANZA_BYTES) {
      return this.destroy("the server sent an endless stanza");
    }
    try {
      const text = typeof data === "string" ? data : this.#decoder.write(Buffer.from(data));
      this.#client.parser?.write(text);
    } catch (error) {
      this.#fail(asError(error));
    }
  }

  #readElement(element: LibraryElement, library: (element: LibraryElement) => void): void {
    this.#bytesSinceElement = 0;
    if (this.#over) return;
    if (element.is("error", NS_STREAM)) return this.#fail(streamError(element));
    if (this.#isLive) return this.#options.onElement(element);
    if (this.#awaitsTls) return this.#readProceed(element);
    if (element.is("features", NS_STREAM) && !this.#readFeatures(element)) return;
    if (element.is("success", NS_SASL) && !this.#login.succeed(element)) {
      return this.destroy("the server could not prove that it knows the password");
    }
    library(element);
  }

  /** Decides what of the offered features the library gets to see; false for nothing. */
  #readFeatures(features: LibraryElement): boolean {
    const isSecure = this.#client.isSecure();
    if (!isSecure && features.getChild("starttls", NS_TLS) !== undefined) {
      this.#awaitsTls = true;
      this.write(`<starttls xmlns="${NS_TLS}"/>`);
      return false;
    }
    const obstacle = this.#obstacle(features, isSecure);
    if (obstacle !== undefined) {
      this.destroy(obstacle);
      return false;
    }
    this.#offersStreamManagement = features.getChild("sm", STREAM_MANAGEMENT) !== undefined;
    remove(features, "sm", STREAM_MANAGEMENT);
    remove(features, "authentication", NS_SASL2);
    return true;
  }

  #obstacle(features: LibraryElement, isSecure: boolean): string | undefined {
    if (this.#options.requireTls && !isSecure) {
      return "the server does not offer TLS and XMPP_TLS is required";
    }
    const canLogIn = this.#login.isDone || offersLogin(features);
    return canLogIn ? undefined : "the server offers no login that saxbridge knows";
  }

  #readProceed(element: LibraryElement): void {
    this.#awaitsTls = false;
    const client = this.#client;
    const { socket } = client;
    if (!element.is("proceed", NS_TLS) || socket === null) {
      return this.destroy("the server refused STARTTLS");
    }
    // RFC 6120 section 5.4.3.3: what came in clear behind this word is not the server's.
    client._detachParser();
    secureSocket(socket, this.#options)
      .then((secured) => {
        client._attachSocket(secured);
        return client.restart();
      })
      .catch(this.#fail);
  }
}

function createLibraryClient({
  service,
  domain,
  username,
  password,
}: LibraryClientOptions): Client {
  const client = createClient({
    service,
    domain,
    timeout: 15_000,
    credentials: async (authenticate, offered) => {
      const mechanism = bestMechanism(offered);
      if (mechanism === undefined)
        throw new Error("the server offers no login that saxbridge knows");
      await authenticate({ username, password: password.reveal() }, mechanism);
    },
  });
  client.reconnect.stop();
  return client;
}

function remove(features: LibraryElement, name: string, xmlns: string): void {
  // The element came from the library's parser; our reading type is the narrower one.
  const child = features.getChild(name, xmlns) as LibraryElement | undefined;
  if (child !== undefined) features.remove(child);
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

function ignore(): void {}

/** RFC 6120 section 4.9: the condition is the child in the streams namespace that is not the text. */
function streamError(element: LibraryElement): Error {
  const condition = element.getChildElements().find(({ name }) => name !== "text");
  const text = element.getChildText("text");
  return new Error(
    `the server closed the stream: ${condition?.name ?? "unknown"}${text ? ` (${text})` : ""}`,
  );
}

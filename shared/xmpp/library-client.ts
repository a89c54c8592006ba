import { StringDecoder } from "node:string_decoder";
import { setTimeout as wait } from "node:timers/promises";
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from "node:tls";
import {
  type Client,
  client as createClient,
  type LibraryElement,
  type LibrarySocket,
} from "@xmpp/client";
import { MECHANISMS, type ProvingMechanism } from "./sasl.ts";
import { STREAM_MANAGEMENT } from "./wire/namespaces.ts";

const NS_STREAM = "http://etherx.jabber.org/streams";
const NS_TLS = "urn:ietf:params:xml:ns:xmpp-tls";
const NS_SASL = "urn:ietf:params:xml:ns:xmpp-sasl";
const NS_SASL2 = "urn:xmpp:sasl:2";

/** How long the server may take to say goodbye, in milliseconds; the library would wait for half a minute. */
const GOODBYE = 1_000;

/** More than any server lets a client send in one stanza; nothing may make us buffer without end. */
const MOST_STANZA_BYTES = 4 * 1024 * 1024;

export interface LibraryClientOptions {
  readonly service: string;
  readonly domain: string;
  readonly username: string;
  readonly password: { reveal(): string };
  /** Refuse to log in on a stream without TLS. */
  readonly requireTls: boolean;
  /** Certificates in PEM that are trusted instead of those that come with Node.js. */
  readonly ca?: string | undefined;
  /** Called with every element once `live` is set. */
  readonly onElement: (element: LibraryElement) => void;
  /** Called for every chunk of bytes that arrives. */
  readonly onBytes: () => void;
  /** Called when the stream cannot go on; the client is destroyed by then. */
  readonly onBroken: (error: Error) => void;
}

export interface LibraryClient {
  /** Connects, secures the stream, logs in and binds; rejects with what went wrong. */
  start(): Promise<{ readonly jid: string; readonly offersStreamManagement: boolean }>;
  write(xml: string): void;
  /** Bytes that the kernel has not taken yet. */
  readonly buffered: number;
  /** Closes the stream politely, and after a second all the same. */
  stop(): Promise<void>;
  destroy(reason: string): void;
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
export function libraryClient(options: LibraryClientOptions): LibraryClient {
  const { service, domain, requireTls, onBytes, onBroken } = options;
  let mechanism: ProvingMechanism | undefined;
  let loggedIn = false;
  let live = false;
  let over = false;
  let offersStreamManagement = false;
  let awaitingTls = false;
  let bytesSinceElement = 0;
  let decoder = new StringDecoder("utf8");

  const client = createClient({
    service,
    domain,
    timeout: 15_000,
    credentials: async (authenticate, offered) => {
      const wanted = MECHANISMS.find(({ name }) => offered.includes(name));
      if (wanted === undefined) throw new Error(`the server offers no login that saxbridge knows`);
      await authenticate(
        { username: options.username, password: options.password.reveal() },
        wanted.name,
      );
    },
  });
  client.reconnect.stop();
  useMechanisms(client, (created) => {
    mechanism = created;
  });
  trustCertificates(client, tlsOptions());

  const fail = (error: Error) => {
    if (over) return;
    over = true;
    destroySocket(client.socket);
    onBroken(error);
  };

  function tlsOptions(): ConnectionOptions {
    return { servername: domain, ...(options.ca === undefined ? {} : { ca: options.ca }) };
  }

  /** Decides what of the offered features the library gets to see. */
  const readFeatures = (features: LibraryElement): boolean => {
    const secure = client.isSecure();
    const startTls = features.getChild("starttls", NS_TLS);
    if (startTls !== undefined && !secure) {
      awaitingTls = true;
      void client.write(`<starttls xmlns="${NS_TLS}"/>`).catch(fail);
      return false;
    }
    if (requireTls && !secure) {
      fail(new Error("the server does not offer TLS and XMPP_TLS is required"));
      return false;
    }
    if (!loggedIn && !offersLogin(features)) {
      fail(new Error("the server offers no login that saxbridge knows"));
      return false;
    }
    offersStreamManagement = features.getChild("sm", STREAM_MANAGEMENT) !== undefined;
    for (const [name, xmlns] of [
      ["sm", STREAM_MANAGEMENT],
      ["authentication", NS_SASL2],
    ] as const) {
      // The element came from the library's parser; our reading type is the narrower one.
      const child = features.getChild(name, xmlns) as LibraryElement | undefined;
      if (child !== undefined) features.remove(child);
    }
    return true;
  };

  const readProceed = (element: LibraryElement) => {
    awaitingTls = false;
    const { socket } = client;
    if (!element.is("proceed", NS_TLS) || socket === null) {
      fail(new Error("the server refused STARTTLS"));
      return;
    }
    // RFC 6120 section 5.4.3.3: what came in clear behind this word is not the server's.
    client._detachParser();
    secureSocket(socket, tlsOptions())
      .then((secured) => {
        client._attachSocket(secured);
        return client.restart();
      }, fail)
      .catch(fail);
  };

  const libraryOnElement = client._onElement.bind(client);
  client._onElement = (element) => {
    bytesSinceElement = 0;
    if (over) return;
    if (element.is("error", NS_STREAM)) return fail(streamError(element));
    if (live) return options.onElement(element);
    if (awaitingTls) return readProceed(element);
    if (element.is("features", NS_STREAM) && !readFeatures(element)) return;
    if (element.is("success", NS_SASL)) {
      loggedIn = serverProved(mechanism, element);
      if (!loggedIn)
        return fail(new Error("the server could not prove that it knows the password"));
    }
    libraryOnElement(element);
  };

  client._onData = (data) => {
    onBytes();
    bytesSinceElement += data.length;
    if (bytesSinceElement > MOST_STANZA_BYTES)
      return fail(new Error("the server sent an endless stanza"));
    try {
      client.parser?.write(typeof data === "string" ? data : decoder.write(Buffer.from(data)));
    } catch (error) {
      fail(error instanceof Error ? error : new Error(String(error)));
    }
  };

  const libraryAttach = client._attachSocket.bind(client);
  client._attachSocket = (socket) => {
    decoder = new StringDecoder("utf8");
    socket.on("error", ignore);
    libraryAttach(socket);
  };
  const libraryDetach = client._detachSocket.bind(client);
  client._detachSocket = () => {
    const { socket } = client;
    libraryDetach();
    destroySocket(socket);
  };

  client.on("error", fail);
  client.on("close", () => fail(new Error("the server closed the stream")));
  client.on("disconnect", () => fail(new Error("the connection was closed")));

  // The library's own start() waits for the login with a promise that nobody watches when the opening
  // fails, and its rejection ends the process. `fail` tells of every failure, so this one never rejects.
  const online = new Promise((resolve) => {
    client.once("online", resolve);
  });

  return {
    async start() {
      try {
        await client.connect(service);
        await client.open({ domain });
      } catch (error) {
        fail(error instanceof Error ? error : new Error(String(error)));
        throw error;
      }
      await online;
      live = true;
      return { jid: String(client.jid), offersStreamManagement };
    },
    write(xml) {
      if (!over) client.write(xml).catch(fail);
    },
    get buffered() {
      return client.socket?.writableLength ?? 0;
    },
    async stop() {
      over = true;
      const enough = new AbortController();
      const stopped = client.stop().catch(ignore);
      // What the library waits for meanwhile settles with its own deadline, and nobody cares.
      await Promise.race([stopped, wait(GOODBYE, undefined, enough).catch(ignore)]);
      enough.abort();
      destroySocket(client.socket);
    },
    destroy: (reason) => fail(new Error(reason)),
  };
}

function ignore(): void {}

function useMechanisms(client: Client, created: (mechanism: ProvingMechanism) => void): void {
  client.saslFactory._mechs.length = 0;
  for (const { name, create } of MECHANISMS) {
    // The factory calls `new`; a constructor that returns an object hands that one out.
    client.saslFactory.use(name, function construct() {
      const mechanism = create();
      created(mechanism);
      return mechanism;
    } as unknown as new () => ProvingMechanism);
  }
}

function offersLogin(features: LibraryElement): boolean {
  const offered = features.getChild("mechanisms", NS_SASL)?.getChildren("mechanism") ?? [];
  return MECHANISMS.some(({ name }) => offered.some((mechanism) => mechanism.text() === name));
}

function serverProved(mechanism: ProvingMechanism | undefined, success: LibraryElement): boolean {
  return mechanism?.accepts(Buffer.from(success.text(), "base64").toString("utf8")) ?? false;
}

/** Direct TLS: the library has no options for certificates and the server's name, its transport does. */
function trustCertificates(client: Client, options: ConnectionOptions): void {
  const transport = client._findTransport("xmpps://any.example");
  if (transport === undefined) return;
  const Library = transport as unknown as new () => { socketParameters(service: string): object };
  class Trusting extends Library {
    override socketParameters(service: string): object {
      const parameters = super.socketParameters(service);
      return parameters && { ...parameters, ...options };
    }
  }
  client.transports.splice(client.transports.indexOf(transport), 1, Trusting as never);
}

function secureSocket(plain: LibrarySocket, options: ConnectionOptions): Promise<LibrarySocket> {
  return new Promise((resolve, reject) => {
    const secured: TLSSocket & { secure?: boolean } = connectTls({ ...options, socket: plain });
    secured.secure = true;
    secured.once("error", reject);
    secured.once("secureConnect", () => resolve(secured));
  });
}

function destroySocket(socket: LibrarySocket | null): void {
  if (socket === null) return;
  const inner = socket.socket ?? socket;
  inner.on?.("error", ignore);
  inner.destroy?.();
  if (!("destroy" in inner)) inner.close?.();
}

/** RFC 6120 section 4.9: the condition is the child in the streams namespace that is not the text. */
function streamError(element: LibraryElement): Error {
  const condition = element.getChildElements().find(({ name }) => name !== "text");
  const text = element.getChildText("text");
  return new Error(
    `the server closed the stream: ${condition?.name ?? "unknown"}${text ? ` (${text})` : ""}`,
  );
}

import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";
import { type Line, parseLine } from "../../shared/irc/wire/line.ts";
import { parseSource } from "../../shared/irc/wire/source.ts";

/** What is different from a polite server with an empty network; everything left out is polite. */
export interface IrcScript {
  /** Capabilities by CAP LS; each inner list is a line of its own. None at all: CAP is unknown (421). */
  readonly capabilities?: readonly (readonly string[])[];
  /** Refuses every CAP REQ. */
  readonly refuseCapabilities?: boolean;
  /** What comes of a login by SASL; `silent` never answers. */
  readonly sasl?: "accept" | "refuse" | "silent";
  /** Tokens of 005. */
  readonly isupport?: readonly string[];
  readonly takenNicks?: readonly string[];
  /** Nicks longer than this are refused (432). */
  readonly nicklen?: number;
  /** Ends the welcome with 376; "none" gives 422, "silent" neither. */
  readonly motd?: "some" | "none" | "silent";
  /** Nobody gets a welcome, and everything but that goes on. */
  readonly neverWelcome?: boolean;
  readonly answerPing?: boolean;
  /** Called first on each connection; true keeps the polite server out of it altogether. */
  readonly greet?: (client: ScriptedClient) => boolean | void;
  /** Called with each line; true keeps the polite server from answering it. */
  readonly answer?: (line: Line, client: ScriptedClient) => boolean | void;
  readonly tls?: TlsOptions;
}

const NAME = "irc.test";
const WAIT_MS = 10_000;

/** An IRC server on a free port of 127.0.0.1 that behaves as a test says. Ended by `close()`. */
export class ScriptedIrcServer {
  readonly host = "127.0.0.1";
  readonly port: number;
  /** Everybody who has ever connected, in order. */
  readonly clients: ScriptedClient[] = [];
  readonly #server: Server;
  readonly #waiting = new Set<() => void>();

  static async start(script: IrcScript = {}): Promise<ScriptedIrcServer> {
    const server = script.tls === undefined ? createServer() : createTlsServer(script.tls);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new ScriptedIrcServer(server, script);
  }

  private constructor(server: Server, script: IrcScript) {
    this.#server = server;
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("The server has no port");
    this.port = address.port;
    server.on(script.tls === undefined ? "connection" : "secureConnection", (socket: Socket) => {
      this.clients.push(new ScriptedClient(socket, script));
      for (const check of this.#waiting) check();
    });
  }

  /** The client that connects as the `nth` one, counted from 1. */
  client(nth = 1): Promise<ScriptedClient> {
    return waitFor(this.#waiting, `client ${nth}`, () => this.clients[nth - 1]);
  }

  async close(): Promise<void> {
    for (const client of this.clients) client.drop();
    this.#server.close();
    await once(this.#server, "close");
  }
}

/** One connection, as the server sees it. */
export class ScriptedClient {
  /** Every line that came in, without CR LF. */
  readonly lines: string[] = [];
  /** How many writes of the other side arrived, as far as TCP kept them apart. */
  chunks = 0;
  nick = "*";
  readonly #socket: Socket;
  readonly #script: IrcScript;
  readonly #waiting = new Set<() => void>();
  readonly #isPolite: boolean;
  #rest = "";
  #isNegotiating = false;
  #hasUser = false;
  #isWelcome = false;
  #isGone = false;

  constructor(socket: Socket, script: IrcScript) {
    this.#socket = socket;
    this.#script = script;
    socket.setNoDelay(true);
    socket.setEncoding("utf8");
    socket.on("data", (text: string) => this.#read(text));
    socket.on("error", () => {});
    socket.on("close", () => {
      this.#isGone = true;
      for (const check of this.#waiting) check();
    });
    this.#isPolite = script.greet?.(this) !== true;
  }

  /** Our `nick!user@host` as this server shows it to others. */
  get source(): string {
    return `${this.nick}!~user@host.test`;
  }

  /** Sends lines, in one write. */
  send(...lines: readonly string[]): void {
    this.#socket.write(lines.map((line) => `${line}\r\n`).join(""));
  }

  /** Sends a numeric to the client. */
  numeric(numeric: string, ...rest: readonly string[]): void {
    this.send(`:${NAME} ${numeric} ${[this.nick, ...rest].join(" ")}`);
  }

  /** Sends bytes as they are; resolves when the system has taken them, so that two calls are two packets. */
  sendBytes(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      this.#socket.write(bytes, () => setImmediate(resolve));
    });
  }

  /** Says ERROR and closes. */
  refuse(words: string): void {
    this.#socket.end(`ERROR :${words}\r\n`);
  }

  /** Reads no more, and answers nothing: what a machine without power looks like. */
  stall(): void {
    this.#socket.pause();
  }

  /** Closes politely. */
  end(): void {
    this.#socket.end();
  }

  /** Closes at once, with what is still to be written unwritten. */
  drop(): void {
    this.#socket.destroy();
  }

  /** Closes with a TCP reset; not under TLS. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }

  /** The `count`-th line that fits, whether it has come already or not. */
  waitForLine(wanted: string | RegExp, count = 1): Promise<string> {
    const fits = (line: string) =>
      typeof wanted === "string" ? line === wanted : wanted.test(line);
    return waitFor(
      this.#waiting,
      `${String(wanted)} (${count})`,
      () => this.lines.filter(fits)[count - 1],
      () => this.lines,
    );
  }

  /** Resolves when the connection is gone. */
  waitForEnd(): Promise<true> {
    return waitFor(this.#waiting, "the end of the connection", () => this.#isGone || undefined);
  }

  #read(text: string): void {
    this.chunks += 1;
    const lines = (this.#rest + text).split("\r\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#take(line);
    for (const check of this.#waiting) check();
  }

  #take(text: string): void {
    this.lines.push(text);
    const line = parseLine(text);
    if (line === undefined || !this.#isPolite) return;
    if (this.#script.answer?.(line, this) === true) return;
    answers[line.command]?.(this, line);
  }

  /** CAP: lists, acknowledges, waits with the welcome until END. */
  negotiate({ params: [subcommand = "", list = ""] }: Line): void {
    const { capabilities, refuseCapabilities = false } = this.#script;
    if (capabilities === undefined) return this.numeric("421", "CAP", ":Unknown command");
    if (subcommand === "LS") {
      this.#isNegotiating = true;
      capabilities.forEach((names, i) => {
        const more = i < capabilities.length - 1 ? "* " : "";
        this.send(`:${NAME} CAP * LS ${more}:${names.join(" ")}`);
      });
    }
    if (subcommand === "REQ") {
      this.send(`:${NAME} CAP * ${refuseCapabilities ? "NAK" : "ACK"} :${list}`);
    }
    if (subcommand === "END") {
      this.#isNegotiating = false;
      this.#welcome();
    }
  }

  authenticate({ params: [first = ""] }: Line): void {
    const { sasl = "accept" } = this.#script;
    if (sasl === "silent") return;
    if (["PLAIN", "EXTERNAL"].includes(first)) return this.send("AUTHENTICATE +");
    // A piece of 400 bytes is not the last one.
    if (first.length === 400) return;
    if (sasl === "refuse") return this.numeric("904", ":SASL authentication failed");
    this.numeric("900", this.source, "account", ":You are now logged in as account");
    this.numeric("903", ":SASL authentication successful");
  }

  takeNick({ params: [nick = ""] }: Line): void {
    const { takenNicks = [], nicklen = 31 } = this.#script;
    if (takenNicks.includes(nick)) {
      return this.numeric("433", nick, ":Nickname is already in use");
    }
    if (nick.length > nicklen) return this.numeric("432", nick, ":Erroneous nickname");
    if (this.#isWelcome) this.send(`:${this.source} NICK :${nick}`);
    this.nick = nick;
    this.#welcome();
  }

  takeUser(): void {
    this.#hasUser = true;
    this.#welcome();
  }

  answerPing({ params: [token = ""] }: Line): void {
    if (this.#script.answerPing !== false) this.send(`:${NAME} PONG ${NAME} :${token}`);
  }

  join({ params: [channel = ""] }: Line): void {
    this.send(`:${this.source} JOIN ${channel}`);
    this.numeric("353", "=", channel, `:${this.nick}`);
    this.numeric("366", channel, ":End of /NAMES list");
  }

  #welcome(): void {
    const { isupport = [], motd = "some", neverWelcome = false } = this.#script;
    const isReady = this.nick !== "*" && this.#hasUser && !this.#isNegotiating;
    if (!isReady || this.#isWelcome || neverWelcome) return;
    this.#isWelcome = true;
    this.numeric("001", `:Welcome to TestNet ${this.source}`);
    if (isupport.length > 0) {
      this.numeric("005", ...isupport, ":are supported by this server");
    }
    if (motd === "some") this.numeric("376", ":End of /MOTD command");
    if (motd === "none") this.numeric("422", ":MOTD File is missing");
  }
}

type Answer = (client: ScriptedClient, line: Line) => void;

/** What a polite server does; a command that is not here gets no answer. */
const answers: Readonly<Record<string, Answer | undefined>> = {
  CAP: (client, line) => client.negotiate(line),
  AUTHENTICATE: (client, line) => client.authenticate(line),
  NICK: (client, line) => client.takeNick(line),
  USER: (client) => client.takeUser(),
  PING: (client, line) => client.answerPing(line),
  JOIN: (client, line) => client.join(line),
  PART: (client, { params: [channel = ""] }) => client.send(`:${client.source} PART ${channel}`),
  QUIT: (client) => client.refuse(`Closing Link: ${parseSource(client.source).nick} (Client Quit)`),
};

/** Resolves as soon as `look` finds something; gives up loudly after ten seconds. */
function waitFor<T>(
  waiting: Set<() => void>,
  what: string,
  look: () => T | undefined,
  seen: () => readonly string[] = () => [],
): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = setTimeout(() => {
      waiting.delete(check);
      const last = seen().slice(-10).join("\n  ");
      reject(new Error(`Waited in vain for ${what}; the last lines were:\n  ${last}`));
    }, WAIT_MS);
    const check = () => {
      const found = look();
      if (found === undefined) return;
      clearTimeout(giveUp);
      waiting.delete(check);
      resolve(found);
    };
    waiting.add(check);
    check();
  });
}

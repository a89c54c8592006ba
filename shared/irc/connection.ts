import { Client } from "irc-framework";
import type { Clock } from "../clock.ts";
import { errnoOf } from "../errno.ts";
import { errorMessage } from "../error-message.ts";
import type { Counters } from "../observe/counters.ts";
import type { Logger } from "../observe/logger.ts";
import { shield } from "../observe/shield.ts";
import { type IrcSession, SIGN_OF_LIFE_EVERY } from "./session.ts";
import { type Endpoint, IrcTransport, type TlsMaterial } from "./transport.ts";
import { sameName } from "./wire/casemapping.ts";
import type { Isupport } from "./wire/isupport.ts";
import { formatLabelled, formatLine, type Line, parseLine } from "./wire/line.ts";
import { IrcRefusal, type RefusalCause } from "./wire/refusal.ts";
import {
  beginRegistration,
  type Registration,
  type RegistrationEffect,
  step,
  wantedCapabilities,
} from "./wire/registration.ts";
import { followSelf, type Self, sourceOf } from "./wire/self.ts";

/** A value that shows itself only when asked, such as `Secret` of the configuration. */
interface Revealable {
  reveal(): string;
}

type Sasl =
  | { readonly mechanism: "PLAIN"; readonly username: string; readonly password: Revealable }
  /** Logs in with the certificate in `cert` and `key`. */
  | { readonly mechanism: "EXTERNAL" };

export interface ConnectIrcOptions extends TlsMaterial {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  readonly nick: string;
  readonly username: string;
  readonly realname: string;
  readonly serverPassword?: Revealable | undefined;
  readonly sasl?: Sasl | undefined;
  /** NICKLEN of the network as an earlier session learnt it; without it 9 characters are safe. */
  readonly knownNicklen?: number | undefined;
  /** How long TCP and TLS may take together; 10 s. */
  readonly connectTimeoutMs?: number;
  /** How long the server may take from there to its first line, whatever it says; 15 s. */
  readonly answerTimeoutMs?: number;
  /** How long the server may take from there to its welcome; 30 s. */
  readonly registerTimeoutMs?: number;
  /** After so long without a line we ask whether the server is there; 15 s. */
  readonly pingAfterMs?: number;
  /** After so long without any line in answer it is dead; 10 s. */
  readonly pingTimeoutMs?: number;
  /** Called right before anything is written to the server. */
  readonly beforeWrite?: () => void;
  readonly log: Logger;
  readonly clock: Clock;
  readonly counters: Counters;
}

/**
 * Connects to one server and registers. Resolves once the server has let us in and told about itself
 * (RPL_ISUPPORT, until the end of its MOTD, at most 2 s). Rejects with an `IrcRefusal` whose class
 * tells the server pool how long to stay away, or with the signal's reason. With `sasl` it never goes
 * on without having logged in. The signal ends the attempt only; a session ends by `quit()`.
 */
export async function connectIrc(
  options: ConnectIrcOptions,
  signal: AbortSignal,
): Promise<IrcSession> {
  signal.throwIfAborted();
  const connection = new Connection(options);
  const giveUp = () => connection.abandon("given up");
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    await connection.register();
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
  return connection;
}

const NEVER = Number.NEGATIVE_INFINITY;

/** RPL_ISUPPORT follows the welcome at once; a server that says nothing more has told all it will. */
const ISUPPORT_PATIENCE_MS = 2_000;
const QUIT_PATIENCE_MS = 2_000;

class Connection implements IrcSession {
  readonly server: string;
  readonly ended: Promise<string>;
  readonly #options: ConnectIrcOptions;
  readonly #client: Client<IrcTransport, Endpoint>;
  readonly #ready = deferred<void>();
  readonly #end = deferred<string>();
  /** Aborts when the connection is over, and with it every wait. */
  readonly #over = new AbortController();
  #registration: Registration;
  #self: Self;
  #listeners: readonly Listener[] = [];
  #isOpen = false;
  #isQuitting = false;
  #heardAt = NEVER;

  constructor(options: ConnectIrcOptions) {
    const { host, port, nick, username, realname, sasl, serverPassword, knownNicklen } = options;
    this.#options = options;
    this.server = `${host.includes(":") ? `[${host}]` : host}:${port}`;
    this.ended = this.#end.promise;
    this.#registration = beginRegistration({ nick, knownNicklen, sasl: sasl?.mechanism });
    this.#self = {
      nick: this.#registration.asked,
      user: undefined,
      host: undefined,
      account: undefined,
    };
    this.#client = new Client({
      transport: IrcTransport,
      endpoint: {
        host,
        port,
        tls: options.tls ? { ca: options.ca, cert: options.cert, key: options.key } : undefined,
        opened: () => this.#opened(),
        received: (text) => this.#received(text),
        beforeWrite: () => options.beforeWrite?.(),
        closed: (error) => this.#closed(error),
      },
      nick: this.#registration.asked,
      username,
      // USER with an empty last parameter is refused (461).
      gecos: realname || nick,
      ...(serverPassword === undefined ? {} : { password: serverPassword.reveal() }),
      account:
        sasl?.mechanism === "PLAIN"
          ? { account: sasl.username, password: sasl.password.reveal() }
          : {},
      ...(sasl === undefined ? {} : { sasl_mechanism: sasl.mechanism }),
      sasl_disconnect_on_fail: true,
      // Reconnecting and liveness are decided elsewhere; CTCP is answered by nobody.
      auto_reconnect: false,
      ping_interval: 0,
      ping_timeout: 0,
      version: "",
    });
    this.#client.requestCap([...wantedCapabilities]);
  }

  get nick(): string {
    return this.#self.nick;
  }

  get source(): string {
    return sourceOf(this.#self, this.#options.username);
  }

  get account(): string | undefined {
    return this.#self.account;
  }

  get isupport(): Isupport {
    return this.#registration.isupport;
  }

  get capabilities(): ReadonlySet<string> {
    return this.#registration.capabilities;
  }

  get heardAt(): number {
    return this.#heardAt;
  }

  isMe(name: string): boolean {
    return sameName(name, this.#self.nick, this.isupport.casemapping);
  }

  send(command: string, ...params: readonly string[]): void {
    this.#transport?.writeLine(formatLine(command, params));
  }

  sendLabelled(label: string, command: string, ...params: readonly string[]): void {
    this.#transport?.writeLine(formatLabelled(label, command, params));
  }

  onLine(listener: (line: Line) => void): () => void {
    const { log, counters } = this.#options;
    const entry: Listener = {
      hear: shield("irc line", { log, counters }, listener),
      isActive: true,
    };
    // A new array each time: a line in delivery goes to those who listened when it came.
    this.#listeners = [...this.#listeners, entry];
    return () => {
      entry.isActive = false;
      this.#listeners = this.#listeners.filter((other) => other !== entry);
    };
  }

  async quit(reason: string): Promise<void> {
    this.#isQuitting = true;
    this.send("QUIT", reason);
    await Promise.race([this.ended, this.#wait(QUIT_PATIENCE_MS)]);
    this.abandon("given up");
  }

  abandon(reason: string): void {
    this.#finish(new IrcRefusal("closed", reason));
  }

  /** Settles when the registration has. */
  register(): Promise<void> {
    const { connectTimeoutMs = 10_000 } = this.#options;
    try {
      this.#client.connect();
    } catch (error) {
      // A certificate or key that is no PEM throws before anything is sent.
      this.#finish(refusalOf(error));
    }
    void this.#expect(connectTimeoutMs, "connection", () => this.#isOpen);
    return this.#ready.promise;
  }

  get #transport(): IrcTransport | null {
    return this.#client.connection.transport;
  }

  #opened(): void {
    const { answerTimeoutMs = 15_000, registerTimeoutMs = 30_000 } = this.#options;
    this.#isOpen = true;
    // Looking us up may take a server long, but it answers CAP or says what it does.
    void this.#expect(answerTimeoutMs, "answer", () => this.#heardAt !== NEVER);
    const isWelcome = () => this.#registration.welcomed !== undefined;
    void this.#expect(registerTimeoutMs, "registration", isWelcome);
  }

  #received(text: string): void {
    this.#heardAt = this.#options.clock.now();
    const line = parseLine(text);
    if (line === undefined) return;
    // Ahead of everything: whoever answers late is taken for dead.
    if (line.command === "PING") this.send("PONG", ...line.params);
    this.#register(line);
    this.#self = followSelf(this.#self, line, this.isupport.casemapping);
    for (const listener of this.#listeners) {
      if (listener.isActive) listener.hear(line);
    }
  }

  #register(line: Line): void {
    const [registration, ...effects] = step(this.#registration, line);
    this.#registration = registration;
    for (const effect of effects) this.#carryOut(effect);
  }

  #carryOut(effect: RegistrationEffect): void {
    switch (effect.do) {
      case "negotiate":
        return this.#negotiate(effect.line);
      case "ask-nick":
        return this.send("NICK", effect.nick);
      case "welcome":
        this.#self = { ...this.#self, nick: this.#registration.welcomed ?? this.#self.nick };
        void this.#wait(ISUPPORT_PATIENCE_MS).then(() => this.#ready.resolve());
        return void this.#keepAlive();
      case "ready":
        return this.#ready.resolve();
      case "refuse":
        return this.#finish(effect.refusal);
    }
  }

  #negotiate(line: string): void {
    const { log, counters } = this.#options;
    // The library throws on such lines when they lack what it expects (`CAP` alone, for one).
    shield("irc negotiation", { log, counters }, (text: string) =>
      this.#transport?.negotiate(text),
    )(line);
  }

  /** Asks after a silence, and ends the connection when nothing at all comes in answer. */
  async #keepAlive(): Promise<void> {
    const { clock, pingAfterMs = SIGN_OF_LIFE_EVERY, pingTimeoutMs = 10_000 } = this.#options;
    while (!this.#over.signal.aborted) {
      const silence = clock.now() - this.#heardAt;
      if (silence < pingAfterMs) {
        await this.#wait(pingAfterMs - silence);
        continue;
      }
      const askedAt = clock.now();
      this.send("PING", "saxbridge");
      await this.#wait(pingTimeoutMs);
      // One more turn: after a stall of ours the answer may be waiting to be read.
      await this.#wait(1);
      if (this.#heardAt < askedAt) this.#finish(new IrcRefusal("timeout", "ping timeout"));
    }
  }

  async #expect(ms: number, what: string, hasHappened: () => boolean): Promise<void> {
    await this.#wait(ms);
    if (!hasHappened()) this.#finish(new IrcRefusal("timeout", `no ${what} within ${ms} ms`));
  }

  #wait(ms: number): Promise<void> {
    return this.#options.clock.sleep(ms, this.#over.signal);
  }

  #closed(error: Error | undefined): void {
    if (error !== undefined) this.#finish(refusalOf(error));
    else this.#finish(new IrcRefusal("closed", "the server closed the connection"));
  }

  /** Only the first reason counts: what follows is its consequence. */
  #finish(refusal: IrcRefusal): void {
    if (this.#over.signal.aborted) return;
    this.#over.abort();
    this.#transport?.destroy();
    this.#ready.reject(refusal);
    this.#end.resolve(this.#isQuitting ? "quit" : refusal.message);
  }
}

interface Listener {
  readonly hear: (line: Line) => void;
  isActive: boolean;
}

interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (reason: Error) => void;
}

const nothing = () => {};

/** Promise.withResolvers() of later Nodes. Settling it twice does nothing. */
function deferred<T>(): Deferred<T> {
  let resolve: Deferred<T>["resolve"] = nothing;
  let reject: Deferred<T>["reject"] = nothing;
  const promise = new Promise<T>((...settle) => {
    [resolve, reject] = settle;
  });
  return { promise, resolve, reject };
}

// What node:net and node:tls give as `code`; certificates fail with the names of OpenSSL.
const causesByCode: readonly (readonly [RegExp, RefusalCause])[] = [
  [/^(?:ENOTFOUND|EAI_)/, "dns"],
  [/^(?:ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL)$/, "refused"],
  [/^ETIMEDOUT$/, "timeout"],
  [/CERT|^(?:ERR_TLS|ERR_SSL|ERR_OSSL|EPROTO|DEPTH_|UNABLE_TO|HOSTNAME_)/, "tls"],
];

function refusalOf(error: unknown): IrcRefusal {
  // With several addresses all failing there is one error for each; the first stands for their kind.
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  const code = errnoOf(first) ?? "";
  const cause = causesByCode.find(([pattern]) => pattern.test(code))?.[1] ?? "closed";
  return new IrcRefusal(cause, errorMessage(error), { cause: error });
}

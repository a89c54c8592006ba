import type { IrcSession } from "../../shared/irc/session.ts";
import { sameName } from "../../shared/irc/wire/casemapping.ts";
import { type Isupport, initialIsupport } from "../../shared/irc/wire/isupport.ts";
import { formatLabelled, formatLine, type Line, parseLine } from "../../shared/irc/wire/line.ts";
import { parseSource } from "../../shared/irc/wire/source.ts";

export interface FakeIrcSessionOptions {
  readonly nick?: string;
  /** The account that we are logged in to; a 900 that comes in changes it. */
  readonly account?: string;
  readonly isupport?: Partial<Isupport>;
  readonly capabilities?: readonly string[];
  /**
   * Answers like a server with an empty network: JOIN, PART and NICK are echoed, and so is what was
   * sent with a label; PING gets its PONG.
   * Off, nothing comes in but what the test lets us `hear()`.
   */
  readonly answers?: boolean | (() => boolean);
}

/** A session without a network: what is sent lies in `sent`, and lines come in by `hear()`. */
export class FakeIrcSession implements IrcSession {
  readonly server = "irc.test:6667";
  readonly isupport: Isupport;
  capabilities: ReadonlySet<string>;
  readonly ended: Promise<string>;
  heardAt = 0;
  /** Every line that was sent, without CR LF. */
  readonly sent: string[] = [];
  nick: string;
  account: string | undefined;
  readonly #answers: () => boolean;
  readonly #listeners = new Set<(line: Line) => void>();
  #end: (reason: string) => void = () => {};
  #over = false;

  constructor({
    nick = "relay",
    account,
    isupport = {},
    capabilities = [],
    answers = true,
  }: FakeIrcSessionOptions = {}) {
    this.nick = nick;
    this.account = account;
    this.isupport = { ...initialIsupport, ...isupport };
    this.capabilities = new Set(capabilities);
    this.#answers = typeof answers === "boolean" ? () => answers : answers;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  get source(): string {
    return `${this.nick}!relay@host.test`;
  }

  isMe(name: string): boolean {
    return sameName(name, this.nick, this.isupport.casemapping);
  }

  send(command: string, ...params: readonly string[]): void {
    if (this.#over) return;
    this.sent.push(formatLine(command, params));
    if (this.#answers()) queueMicrotask(() => this.#answer(command, params[0] ?? ""));
  }

  sendLabelled(label: string, command: string, ...params: readonly string[]): void {
    if (this.#over) return;
    this.sent.push(formatLabelled(label, command, params));
    if (!this.#answers()) return;
    const echo = `@label=${label} :${this.source} ${formatLine(command, params)}`;
    queueMicrotask(() => this.hear(echo));
  }

  onLine(listener: (line: Line) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Lets one line come in from the server. */
  hear(text: string): void {
    const line = parseLine(text);
    if (line === undefined) throw new Error(`Cannot hear "${text}": it is no IRC line`);
    if (this.#over) return;
    const { command, source = "", params } = line;
    if (command === "900") this.account = params[2];
    if (command === "NICK" && this.isMe(parseSource(source).nick)) this.nick = params[0] ?? "";
    for (const listener of this.#listeners) listener(line);
  }

  /** Takes a capability back, as by CAP DEL. */
  withdraw(capability: string): void {
    this.capabilities = new Set([...this.capabilities].filter((name) => name !== capability));
  }

  /** The lines sent since the last call. */
  takeSent(): string[] {
    return this.sent.splice(0);
  }

  /** Breaks the connection. */
  end(reason = "connection reset"): void {
    this.#over = true;
    this.#end(reason);
  }

  abandon(reason: string): void {
    this.end(reason);
  }

  async quit(reason: string): Promise<void> {
    this.send("QUIT", reason);
    this.end(reason);
  }

  #answer(command: string, param: string): void {
    if (command === "PING") this.hear(`:irc.test PONG irc.test :${param}`);
    if (command === "JOIN") {
      this.hear(`:${this.source} JOIN ${param}`);
      this.hear(`:irc.test 353 ${this.nick} = ${param} :${this.nick}`);
      this.hear(`:irc.test 366 ${this.nick} ${param} :End of /NAMES list`);
    }
    if (command === "PART" || command === "NICK") {
      this.hear(`:${this.source} ${command} :${param}`);
    }
  }
}

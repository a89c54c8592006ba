import { connect, type Socket } from "node:net";
import { type Matches, Received } from "./received.ts";

/** A PRIVMSG or NOTICE as this user received it. */
export interface HeardLine {
  readonly nick: string;
  readonly target: string;
  /** As it was sent: formatting codes and CTCP included. */
  readonly text: string;
  readonly command: "PRIVMSG" | "NOTICE";
  readonly raw: string;
}

/** Who connects, and where. */
export interface IrcUserOptions {
  readonly port: number;
  readonly nick: string;
}

const TIMEOUT_MS = 10_000;

/** A person in one IRC channel, played over a plain socket: independent of every library under test. */
export class IrcUser {
  readonly #socket: Socket;
  readonly #lines: Received<string>;
  readonly #messages: Received<HeardLine>;
  #nick: string;
  #channel = "";
  #rest = Buffer.alloc(0);

  private constructor({ port, nick }: IrcUserOptions) {
    this.#nick = nick;
    this.#lines = new Received(nick, (line) => line);
    this.#messages = new Received(nick, ({ raw }) => raw);
    this.#socket = connect({ port, host: "127.0.0.1", noDelay: true });
    this.#socket.on("data", (bytes) => this.#take(bytes));
    this.#socket.on("error", (error) => this.#end(error.message));
    this.#socket.on("close", () => this.#end("the connection is closed"));
  }

  /** Registers with the server; rejects when the nick is refused. */
  static async connect(options: IrcUserOptions): Promise<IrcUser> {
    const user = new IrcUser(options);
    user.send(`NICK ${options.nick}`);
    user.send(`USER ${options.nick} 0 * :${options.nick}`);
    const answer = await user.#next((line) => [...REFUSED_NICK, "001"].includes(commandOf(line)));
    if (commandOf(answer) !== "001") throw new Error(`Cannot connect to IRC: ${answer}`);
    return user;
  }

  /** What was said, in the channel or to this user alone; never by this user, unless echo-message is on. */
  get messages(): readonly HeardLine[] {
    return this.#messages.items;
  }

  /** Every line that came, without CR LF. */
  get lines(): readonly string[] {
    return this.#lines.items;
  }

  /** The nick as it is now. */
  get nick(): string {
    return this.#nick;
  }

  /** Forgets what came until now, so that the next wait sees only what comes later. */
  forget(): void {
    this.#lines.forget();
    this.#messages.forget();
  }

  /** Calls the listener with every message from now on. */
  onMessage(listener: (message: HeardLine) => void): void {
    this.#messages.listen(listener);
  }

  /** Calls the listener with every line from now on. */
  onLine(listener: (line: string) => void): void {
    this.#lines.listen(listener);
  }

  /** Calls the listener when the connection is over. */
  onEnd(listener: () => void): void {
    this.#socket.once("close", listener);
  }

  /** Joins the channel; resolves after the list of names, rejects when refused. */
  async join(channel: string, key = ""): Promise<void> {
    this.#channel = channel;
    this.send(`JOIN ${channel} ${key}`.trimEnd());
    const answer = await this.#next((line) => /^(?:366|40[35]|4[37]\d)$/.test(commandOf(line)));
    if (commandOf(answer) !== "366") throw new Error(`Cannot join ${channel}: ${answer}`);
  }

  /** Says something in the channel, or to somebody. */
  say(text: string, target = this.#channel): void {
    this.send(`PRIVMSG ${target} :${text}`);
  }

  /** Says `/me text` in the channel. */
  action(text: string): void {
    this.say(`\x01ACTION ${text}\x01`);
  }

  notice(text: string, target = this.#channel): void {
    this.send(`NOTICE ${target} :${text}`);
  }

  /** Writes any line; CR LF is added. */
  send(line: string): void {
    this.#socket.write(`${line}\r\n`);
  }

  /** Writes these bytes and nothing else: text that is not UTF-8, half a line. */
  sendBytes(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** Takes another nick; rejects when it is refused. */
  async changeNick(nick: string): Promise<void> {
    this.send(`NICK ${nick}`);
    const answer = await this.#next(
      (line) => REFUSED_NICK.includes(commandOf(line)) || this.#nick === nick,
    );
    if (this.#nick !== nick) throw new Error(`Cannot become ${nick}: ${answer}`);
  }

  /** Becomes an operator of the server, who may KILL, KLINE, SAJOIN, SAPART and SANICK on InspIRCd. */
  async oper({
    name,
    password,
  }: {
    readonly name: string;
    readonly password: string;
  }): Promise<void> {
    this.send(`OPER ${name} ${password}`);
    const answer = await this.#next((line) => /^(?:381|491|464)$/.test(commandOf(line)));
    if (commandOf(answer) !== "381") throw new Error(`Cannot become operator: ${answer}`);
  }

  /** Leaves the channel; resolves when the server has confirmed it. */
  async part(reason = "bye"): Promise<void> {
    this.send(`PART ${this.#channel} :${reason}`);
    await this.#next((line) => commandOf(line) === "PART" && sourceOf(line) === this.#nick);
  }

  /** The first message with this text, or for which it is true; looks at what came before, too. */
  waitForMessage(wanted: string | Matches<HeardLine>, timeoutMs = TIMEOUT_MS): Promise<HeardLine> {
    const matches = typeof wanted === "string" ? isSaid(wanted) : wanted;
    return this.#messages.wait(`the message ${String(wanted)}`, matches, timeoutMs);
  }

  /** The first line of any kind for which it is true. */
  waitForLine(matches: Matches<string>, timeoutMs = TIMEOUT_MS): Promise<string> {
    return this.#lines.wait(`the line ${String(matches)}`, matches, timeoutMs);
  }

  /** Says QUIT; the server closes. */
  quit(reason = "bye"): void {
    this.send(`QUIT :${reason}`);
  }

  /** Breaks the connection as a lost network would. */
  break(): void {
    this.#socket.resetAndDestroy();
  }

  #next(matches: Matches<string>): Promise<string> {
    return this.#lines.next("the server's answer", matches, TIMEOUT_MS);
  }

  #take(bytes: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    let from = 0;
    for (let end = this.#rest.indexOf("\n"); end !== -1; end = this.#rest.indexOf("\n", from)) {
      // Whole lines are decoded, so that a character cut by the network stays whole.
      this.#read(this.#rest.subarray(from, end).toString("utf8").replace(/\r$/, ""));
      from = end + 1;
    }
    this.#rest = this.#rest.subarray(from);
  }

  #read(line: string): void {
    const command = commandOf(line);
    if (command === "PING") this.send(line.replace("PING", "PONG"));
    if (command === "NICK" && sourceOf(line) === this.#nick) this.#nick = lastOf(line);
    const message = readMessage(line);
    if (message !== undefined) this.#messages.add(message);
    this.#lines.add(line);
  }

  #end(reason: string): void {
    this.#lines.end(reason);
    this.#messages.end(reason);
  }
}

/** RFC 2812 section 3.1.2, and 435, 447 of today's servers. */
const REFUSED_NICK = ["431", "432", "433", "435", "436", "437", "438", "447", "484"];

function isSaid(text: string): Matches<HeardLine> {
  return (message) => message.text === text;
}

const LINE = /^(?:@\S+ +)?(?::([^ !]+)\S* +)?(\S+)/;

function sourceOf(line: string): string | undefined {
  return LINE.exec(line)?.[1];
}

function commandOf(line: string): string {
  return LINE.exec(line)?.[2] ?? "";
}

function lastOf(line: string): string {
  return (
    /(?: :(.*)| (\S+))$/
      .exec(line)
      ?.slice(1)
      .find((word) => word !== undefined) ?? ""
  );
}

function readMessage(raw: string): HeardLine | undefined {
  const parts = /^(?:@\S+ +)?:([^ !]+)\S* +(PRIVMSG|NOTICE) +(\S+) +:?(.*)$/.exec(raw);
  const [, nick, command, target, text] = parts ?? [];
  if (nick === undefined || target === undefined || text === undefined) return undefined;
  if (command !== "PRIVMSG" && command !== "NOTICE") return undefined;
  return { nick, target, text, command, raw };
}

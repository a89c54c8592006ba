import type { IrcServer } from "../../cli/demo/servers/irc-server.ts";
import { IrcUser } from "../support/users/irc-user.ts";
import type { Chronicle } from "./chronicle.ts";
import { formatNumber, readNumber } from "./numbers.ts";
import { Person } from "./person.ts";

/** A line of the channel as the listener heard it. */
export interface ChannelLine {
  readonly nick: string;
  readonly text: string;
  /** In milliseconds since 1970. */
  readonly at: number;
}

/** A number that the speaker said in the channel. */
export interface ChannelNumber {
  readonly number: number;
  readonly at: number;
  /** The server has shown that it read the line. */
  isProved: boolean;
}

export const channelName = "#lounge";

/** The bridge's wanted nick on IRC, and its user name. */
export const bridgeNick = "saxjax";

const RELAY_JOINS = new RegExp(`^:[^! ]+!${bridgeNick}@\\S+ JOIN `);

/** The nick of the one who says numbers. */
export const channelSpeaker = "ivan";
const LISTENER = "ear";

/** More unproved lines than these would only fill the buffers of a server that is frozen. */
const MOST_UNPROVED = 50;

/** The IRC channel of a run: somebody who speaks in it, somebody who listens, and an operator. */
export class Channel {
  readonly lines: ChannelLine[] = [];
  readonly said: ChannelNumber[] = [];
  /** When the relay came in, as the listener saw it. */
  readonly relayCame: number[] = [];
  readonly speaker: Person<IrcUser>;
  readonly listener: Person<IrcUser>;
  readonly #server: IrcServer;
  readonly #chronicle: Chronicle;
  #unproved = 0;

  constructor(server: IrcServer, chronicle: Chronicle) {
    this.#server = server;
    this.#chronicle = chronicle;
    this.speaker = new Person("ivan", () => this.#speak(), chronicle);
    this.listener = new Person("listener in the channel", () => this.#listen(), chronicle);
  }

  /** Says the next number, if the speaker is inside. */
  sayNext(): void {
    const { user } = this.speaker;
    if (user === undefined || this.#unproved >= MOST_UNPROVED) return;
    const number = this.said.length + 1;
    this.said.push({ number, at: Date.now(), isProved: false });
    this.#unproved += 1;
    user.say(formatNumber({ tag: "i", number }));
    user.send(`PING said-${number}`);
  }

  /** Has an operator of the server do something, and waits until it is done. */
  async operate(act: (operator: IrcUser) => Promise<void>): Promise<void> {
    const operator = await this.connect("oper");
    try {
      await operator.oper(this.#server.oper);
      await act(operator);
      operator.send("PING done");
      await operator.waitForLine((line) => / PONG .*done$/.test(line));
    } finally {
      operator.quit();
    }
  }

  /** Connects somebody who is in no channel. */
  connect(nick: string): Promise<IrcUser> {
    return IrcUser.connect({ port: this.#server.port, nick });
  }

  async #listen(): Promise<IrcUser> {
    const user = await this.connect(LISTENER);
    user.onMessage(({ nick, target, text }) => {
      if (target !== channelName) return;
      this.lines.push({ nick, text, at: Date.now() });
      this.#chronicle.add("channel", `<${nick}> ${text}`);
      if (nick === channelSpeaker) this.#prove(readNumber(text)?.number);
    });
    user.onLine((line) => {
      if (RELAY_JOINS.test(line)) this.relayCame.push(Date.now());
    });
    return this.#join(user);
  }

  async #speak(): Promise<IrcUser> {
    const user = await this.connect(channelSpeaker);
    this.#unproved = 0;
    user.onLine((line) => {
      const [, number] = / PONG .*said-(\d+)$/.exec(line) ?? [];
      if (number === undefined) return;
      this.#unproved -= 1;
      this.#prove(Number(number));
    });
    return this.#join(user);
  }

  async #join(user: IrcUser): Promise<IrcUser> {
    try {
      await user.join(channelName);
      return user;
    } catch (error) {
      user.break();
      throw error;
    }
  }

  #prove(number: number | undefined): void {
    const said = number === undefined ? undefined : this.said[number - 1];
    if (said !== undefined) said.isProved = true;
  }
}

/** The nicks of the bridge that the operator finds in the channel, or on the whole server (`*`). */
export async function findBridges(operator: IrcUser, where: string): Promise<readonly string[]> {
  operator.send(`WHO ${where}`);
  await operator.waitForLine((line) => / 315 /.test(line));
  return operator.lines.flatMap((line) => {
    // RFC 2812 section 5.1, RPL_WHOREPLY: channel, user name, host, server, nick.
    const [, username, nick] = / 352 \S+ \S+ (\S+) \S+ \S+ (\S+) /.exec(line) ?? [];
    return username === bridgeNick && nick !== undefined ? [nick] : [];
  });
}

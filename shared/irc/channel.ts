import { Alarm } from "../alarm.ts";
import type { Clock } from "../clock.ts";
import type { Counters } from "../observe/counters.ts";
import type { Health } from "../observe/health.ts";
import type { Logger } from "../observe/logger.ts";
import { shield } from "../observe/shield.ts";
import type { IrcSession } from "./session.ts";
import { untilOver } from "./until-over.ts";
import { sameName } from "./wire/casemapping.ts";
import {
  type Membership,
  type MembershipEffect,
  type MembershipEvent,
  OUTSIDE,
  step,
} from "./wire/channel-membership.ts";
import { followBatches } from "./wire/history-batches.ts";
import type { Line } from "./wire/line.ts";
import { readMembershipEvent } from "./wire/membership-events.ts";
import { type IrcSpeech, readServerTime, readSpeech } from "./wire/speech.ts";

export interface IrcChannelOptions {
  readonly name: string;
  /** Other channels that somebody wants on the same session: being put into one of those is no mistake. */
  readonly others?: readonly string[];
  readonly log: Logger;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly health: Health;
}

/** A time during which we are in the channel. */
export interface ChannelStay {
  /** Aborts when we are outside again. */
  readonly over: AbortSignal;
}

/**
 * One channel that we want to be in, whatever session there is: joins, comes back when put out, and
 * hears what is said there.
 */
export class IrcChannel {
  readonly name: string;
  readonly #others: readonly string[];
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #counters: Counters;
  readonly #health: Health;
  readonly #alarm: Alarm;
  readonly #listeners = new Set<(speech: IrcSpeech) => void>();
  readonly #waiting = new Set<(stay: ChannelStay) => void>();
  #session: IrcSession | undefined;
  #membership: Membership = OUTSIDE;
  #over: AbortController | undefined;
  /** By the server's clock. Ours may be hours off, so that without it nothing is judged by time. */
  #joinedAt: number | undefined;
  #historyBatches: ReadonlySet<string> = new Set();

  constructor({ name, others = [], log, clock, counters, health }: IrcChannelOptions) {
    this.name = name;
    this.#others = others;
    this.#log = log.child({ channel: name });
    this.#clock = clock;
    this.#counters = counters;
    this.#health = health;
    this.#alarm = new Alarm(clock, () => this.#take({ type: "due" }));
    this.#tellHealth();
  }

  get inside(): boolean {
    return this.#membership.at === "inside";
  }

  /** The present stay; undefined while we are outside. */
  get stay(): ChannelStay | undefined {
    return this.#over === undefined ? undefined : { over: this.#over.signal };
  }

  /** Calls the listener with all that others say in the channel from now on; returns how to stop. */
  onSpeech(listener: (speech: IrcSpeech) => void): () => void {
    const shielded = shield("speech", { log: this.#log, counters: this.#counters }, listener);
    this.#listeners.add(shielded);
    return () => this.#listeners.delete(shielded);
  }

  /** Resolves with the present stay or the next one; with undefined when the signal aborts before. */
  waitInside(signal: AbortSignal): Promise<ChannelStay | undefined> {
    if (signal.aborted) return Promise.resolve(undefined);
    if (this.stay !== undefined) return Promise.resolve(this.stay);
    return new Promise((resolve) => {
      const giveUp = () => {
        this.#waiting.delete(enter);
        resolve(undefined);
      };
      const enter = (stay: ChannelStay) => {
        signal.removeEventListener("abort", giveUp);
        resolve(stay);
      };
      this.#waiting.add(enter);
      signal.addEventListener("abort", giveUp, { once: true });
    });
  }

  /**
   * Keeps us in the channel until the session has ended or the signal aborts; one session at a time.
   * Leaving is the session's end: the channel is never parted.
   */
  async run(session: IrcSession, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    this.#session = session;
    this.#historyBatches = new Set();
    const deafen = session.onLine((line) => this.#hear(line, session));
    this.#take({ type: "online" });
    await untilOver(session, signal);
    deafen();
    this.#take({ type: "offline" });
    this.#session = undefined;
  }

  #hear(line: Line, session: IrcSession): void {
    const { casemapping } = session.isupport;
    const { name } = this;
    const event = readMembershipEvent(line, {
      channel: name,
      casemapping,
      isMe: (nick) => session.isMe(nick),
      isWanted: (channel) =>
        [name, ...this.#others].some((wanted) => sameName(channel, wanted, casemapping)),
    });
    if (event?.type === "joined") this.#joinedAt = readServerTime(line.tags);
    if (event !== undefined) this.#take(event);
    if (!this.inside) return;
    this.#historyBatches = followBatches(this.#historyBatches, line);
    this.#listen(line, session);
  }

  #listen(line: Line, session: IrcSession): void {
    const { message, ignored } = readSpeech(line, {
      channel: this.name,
      isupport: session.isupport,
      isMe: (nick) => session.isMe(nick),
      historyBatches: this.#historyBatches,
      joinedAt: this.#joinedAt,
    });
    if (message !== undefined) {
      for (const listener of this.#listeners) listener(message);
    } else if (ignored !== "not-speech" && ignored !== "elsewhere") {
      this.#counters.add("irc_speech_ignored", { reason: ignored });
    }
  }

  #take(event: MembershipEvent): void {
    const wasInside = this.inside;
    const [membership, ...effects] = step(this.#membership, event, this.#clock.now());
    this.#membership = membership;
    if (this.inside && !wasInside) this.#enter();
    if (wasInside && !this.inside) this.#leave();
    if (membership.at === "outside" || membership.at === "inside") this.#alarm.clear();
    for (const effect of effects) this.#carryOut(effect);
    this.#tellHealth();
  }

  #tellHealth(): void {
    const { trouble = "not joined" } = this.#membership.past;
    const link = `channel ${this.name}`;
    if (this.inside) this.#health.set(link, "up", "joined");
    else this.#health.set(link, "down", trouble);
  }

  #enter(): void {
    const over = new AbortController();
    this.#over = over;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const enter of waiting) enter({ over: over.signal });
  }

  #leave(): void {
    this.#over?.abort();
    this.#over = undefined;
  }

  #carryOut(effect: MembershipEffect): void {
    switch (effect.do) {
      case "join":
        this.#session?.send("JOIN", this.name);
        break;
      case "part":
        this.#session?.send("PART", effect.channel);
        break;
      case "wake":
        this.#alarm.set(effect.min + this.#clock.random() * (effect.max - effect.min));
        break;
      case "report":
        this.#log[effect.level](effect.event, effect.fields);
        break;
    }
  }
}

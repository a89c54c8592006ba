import { Alarm } from "../alarm.ts";
import type { Clock } from "../clock.ts";
import type { Gap } from "../gap.ts";
import type { Counters } from "../observe/counters.ts";
import type { Attempts, LinkHealth } from "../observe/health.ts";
import type { Logger } from "../observe/logger.ts";
import { shield } from "../observe/shield.ts";
import type { Notes } from "../outbox/journal.ts";
import { Stall } from "../stall.ts";
import { LastHeard } from "./last-heard.ts";
import type { IrcSession } from "./session.ts";
import { SIGN_OF_LIFE_EVERY } from "./session.ts";
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
  /** Where is kept until when the channel was heard. */
  readonly notes: Notes;
  readonly log: Logger;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly health: LinkHealth;
}

/** A time during which we are in the channel. */
export interface ChannelStay {
  /** Aborts when we are outside again. */
  readonly over: AbortSignal;
}

/**
 * One channel that we want to be in, whatever session there is: joins, comes back when put out, hears
 * what is said there, and knows when it could not.
 */
export class IrcChannel {
  readonly name: string;
  readonly #others: readonly string[];
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #counters: Counters;
  readonly #health: LinkHealth;
  readonly #attempts: Attempts;
  readonly #alarm: Alarm;
  readonly #stall: Stall;
  readonly #heard: LastHeard;
  readonly #returnListeners = new Set<(gap: Gap) => void>();
  readonly #listeners = new Set<(speech: IrcSpeech) => void>();
  readonly #waiting = new Set<(stay: ChannelStay) => void>();
  #session: IrcSession | undefined;
  #membership: Membership = OUTSIDE;
  #over: AbortController | undefined;
  /** By the server's clock. Ours may be hours off, so that without it nothing is judged by time. */
  #joinedAt: number | undefined;
  #historyBatches: ReadonlySet<string> = new Set();

  constructor(options: IrcChannelOptions) {
    const { name, others = [], notes, log, clock, counters, health } = options;
    this.name = name;
    this.#others = others;
    this.#log = log.child({ channel: name });
    this.#clock = clock;
    this.#counters = counters;
    this.#health = health;
    this.#alarm = new Alarm(clock, () => this.#take({ type: "due" }));
    this.#stall = new Stall(clock);
    this.#heard = new LastHeard({ notes, note: `heard irc ${name}`, clock });
    this.#attempts = health.attempts(this.link);
    this.#tellHealth();
    health.prove(this.link, { at: () => this.provedAt, everyMs: SIGN_OF_LIFE_EVERY });
  }

  /** Its name in health. */
  get link(): string {
    return `channel ${this.name}`;
  }

  get inside(): boolean {
    return this.#membership.at === "inside";
  }

  /** When something last came in while we were inside, in monotonic milliseconds; undefined before that. */
  get provedAt(): number | undefined {
    return this.#heard.at;
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

  /**
   * Calls the listener each time that we are in the channel again, before the stay begins, with the time
   * in which we heard nothing of it. IRC shows nothing of that time. Returns how to stop.
   */
  onReturn(listener: (gap: Gap) => void): () => void {
    const shielded = shield("return", { log: this.#log, counters: this.#counters }, listener);
    this.#returnListeners.add(shielded);
    return () => this.#returnListeners.delete(shielded);
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
    const over = new AbortController();
    void this.#stall.watch(over.signal);
    const deafen = session.onLine((line) => this.#hear(line, session));
    this.#take({ type: "online" });
    await untilOver(session, signal);
    over.abort();
    deafen();
    this.#take({ type: "offline" });
    this.#session = undefined;
  }

  #hear(line: Line, session: IrcSession): void {
    // Whatever it is: the session brings us what is said in the channel in the same order.
    if (this.inside) this.#heard.hear(this.#stall.heardUpTo);
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
    if (membership.at === "outside" || membership.at === "inside") this.#rest();
    for (const effect of effects) this.#carryOut(effect);
    this.#tellHealth();
  }

  #tellHealth(): void {
    const { trouble = "not joined" } = this.#membership.past;
    if (this.inside) this.#health.set(this.link, "up", "joined");
    else this.#health.set(this.link, "down", trouble);
  }

  #enter(): void {
    this.#tellReturn();
    const over = new AbortController();
    this.#over = over;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const enter of waiting) enter({ over: over.signal });
  }

  #tellReturn(): void {
    const { since } = this.#heard;
    const until = this.#clock.wallNow();
    this.#heard.hear(this.#stall.heardUpTo);
    // Whoever comes for the first time has missed nothing.
    if (since === undefined) return;
    const gap = { since, until, missed: 0, leftOut: 0, isComplete: false };
    for (const listener of this.#returnListeners) listener(gap);
  }

  #leave(): void {
    this.#over?.abort();
    this.#over = undefined;
  }

  #wakeIn(ms: number): void {
    this.#alarm.set(ms);
    this.#attempts.wait(ms);
  }

  #rest(): void {
    this.#alarm.clear();
    this.#attempts.rest();
  }

  #carryOut(effect: MembershipEffect): void {
    switch (effect.do) {
      case "join":
        this.#attempts.begin();
        this.#session?.send("JOIN", this.name);
        break;
      case "part":
        this.#session?.send("PART", effect.channel);
        break;
      case "wake":
        this.#wakeIn(effect.min + this.#clock.random() * (effect.max - effect.min));
        break;
      case "report":
        this.#log[effect.level](effect.event, effect.fields);
        break;
    }
  }
}

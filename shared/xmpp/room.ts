import { Alarm } from "../alarm.ts";
import type { Clock } from "../clock.ts";
import type { Counters } from "../observe/counters.ts";
import type { Health } from "../observe/health.ts";
import type { Logger } from "../observe/logger.ts";
import { shield } from "../observe/shield.ts";
import type { Fate, Stay } from "../outbox/drain.ts";
import { CatchUp } from "./catch-up.ts";
import { Delivery, type Utterance } from "./delivery.ts";
import type { XmppSession } from "./session.ts";
import type { Heard } from "./wire/heard.ts";
import { resourceOf } from "./wire/jid.ts";
import {
  type Membership,
  type MembershipEffect,
  type MembershipEvent,
  OUTSIDE,
  step,
} from "./wire/membership.ts";
import { type Bounce, isHistory, readRoomMessage, type Speech } from "./wire/message.ts";
import { readPresence } from "./wire/presence.ts";
import {
  groupchat,
  type History,
  instantRoom,
  joinPresence,
  leavePresence,
  nickPresence,
  selfPing,
} from "./wire/say.ts";
import { readSelfPing } from "./wire/self-ping.ts";
import { readStanzaError } from "./wire/stanza-error.ts";
import type { Element } from "./wire/xml.ts";

/** A room that was silent for so long is asked whether we are still in it, in milliseconds (XEP-0410). */
const SILENCE = 60_000;

/** What we said and did not hear back for so long makes us ask, too. */
const OVERDUE = 10_000;

/** How long a room may take to answer a question of ours. */
const ANSWER_TIMEOUT = 15_000;

/** How long a room may be silent in its greeting, without the subject that ends it, before we speak. */
const GREETING = 5_000;

/** No greeting takes longer: anybody can keep one going where the server passes on forged stamps. */
const LONGEST_GREETING = 60_000;

/** How far the room's clock may be behind ours, in milliseconds. */
const CLOCK_SKEW = 60_000;

/** Who puts us out in one of these ways does not want the other side to hear what is said meanwhile. */
const ON_PURPOSE: ReadonlySet<string> = new Set([
  "banned",
  "kicked",
  "not-a-member",
  "members-only",
]);

export interface RoomOptions {
  readonly jid: string;
  readonly nick: string;
  /** What to do when the room did not exist until we joined (status 201). */
  readonly newRoom: "accept" | "refuse";
  /** From when on the room's history is wanted, in milliseconds since 1970; undefined for none of it. */
  readonly historySince: () => number | undefined;
  /**
   * Since when what is said in the room is for us, in milliseconds since 1970, whenever we come in; when
   * absent, since we first came in.
   */
  readonly listensSince?: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly counters: Counters;
  readonly health: Health;
}

/**
 * One MUC room (XEP-0045), whatever the connection does: joins with every session it is given, stays
 * in, comes back, and knows of each thing it says what became of it.
 */
export class Room {
  readonly #options: RoomOptions;
  readonly #alarm: Alarm;
  /** Some services do without a subject: then the greeting ends by itself. */
  readonly #greeting: Alarm;
  readonly #delivery = new Delivery();
  readonly #waiting = new Set<() => void>();
  readonly #catchUp: CatchUp;
  #membership: Membership = OUTSIDE;
  #session: XmppSession | undefined;
  /** While we are inside and the room has ended its greeting. */
  #stay: AbortController | undefined;
  /** The room has given us back a message under the id that we gave it: it does so with all. */
  #keepsIds = false;
  #listener: ((heard: Heard) => void) | undefined;
  /** Stops hearing the room. */
  #deafen: () => void = () => {};
  #lastSign = 0;
  /** When the greeting is over whatever the room says, in monotonic milliseconds. */
  #greetingEnd = 0;

  constructor(options: RoomOptions) {
    this.#options = options;
    this.#catchUp = new CatchUp(options.listensSince);
    this.#alarm = new Alarm(options.clock, () => this.#move({ type: "due" }));
    this.#greeting = new Alarm(options.clock, () => this.#beginStay());
    this.#tell("down", "not joined yet");
  }

  get jid(): string {
    return this.#options.jid;
  }

  /** Our nick in the room; undefined while we are not in it. */
  get nick(): string | undefined {
    return this.#membership.at === "inside" ? this.#membership.nick : undefined;
  }

  /**
   * Calls back with all that is said in the room, and after a gap with what was said meanwhile as far
   * as the room's history shows it; one listener.
   */
  onSpeech(listener: (heard: Heard) => void): void {
    this.#listener = shield("room", this.#options, listener);
  }

  /** Joins over this session, and stays in the room until the session ends. */
  attach(session: XmppSession): void {
    const ended = new AbortController();
    this.#session = session;
    this.#deafen = session.onStanza(this.jid, (stanza) => {
      this.#lastSign = this.#options.clock.now();
      if (this.#isOwnEcho(stanza)) return;
      const presence = readPresence(stanza);
      if (presence !== undefined) this.#move({ type: "presence", presence });
      else if (stanza.is("message")) this.#readMessage(stanza);
    });
    void session.ended.then((reason) => {
      ended.abort();
      this.#move({ type: "offline" });
      this.#tell("down", reason);
    });
    this.#move({ type: "online" });
    void this.#keepAsking(session, ended.signal);
  }

  /** Leaves politely. */
  leave(): void {
    const { nick } = this;
    if (nick !== undefined) this.#session?.send(leavePresence({ room: this.jid, nick }));
    // What the room says to that is no surprise, and no reason to come back; and without a nick we could
    // not tell our own words from those of others.
    this.#deafen();
    this.#move({ type: "offline" });
  }

  /** Resolves when things can be said in the room; with undefined when the signal aborts before. */
  async stay(signal: AbortSignal): Promise<Stay | undefined> {
    while (this.#stay === undefined && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.#waiting.delete(wake);
          signal.removeEventListener("abort", wake);
          resolve();
        };
        this.#waiting.add(wake);
        signal.addEventListener("abort", wake, { once: true });
      });
    }
    return this.#stay === undefined || signal.aborted ? undefined : { over: this.#stay.signal };
  }

  /**
   * Says something. Resolves with `delivered` when the room has reflected it to us, at once when an
   * earlier session said it and the history showed it.
   */
  say(utterance: Utterance): Promise<Fate> {
    if (this.#delivery.wasHeard(utterance)) return Promise.resolve("delivered");
    if (this.#session === undefined || this.#stay === undefined) {
      return Promise.resolve("unsent");
    }
    const { id, body } = utterance;
    this.#session.send(groupchat({ room: this.jid, body, id, originId: !this.#keepsIds }));
    return this.#delivery.begin(utterance, this.#options.clock.now());
  }

  #move(event: MembershipEvent): void {
    const { nick, newRoom, clock } = this.#options;
    const before = this.#membership;
    const [next, ...effects] = step(before, event, {
      nick,
      newRoom,
      now: clock.now(),
    });
    this.#membership = next;
    const isNew = next.at !== before.at;
    if (isNew && (next.at === "outside" || next.at === "inside")) this.#alarm.clear();
    for (const effect of effects) this.#perform(effect);
    if (isNew && next.at === "inside") this.#beginGreeting();
    if (next.at !== "inside") this.#endStay();
    if (next.at === "barred") {
      if (before.at === "inside" && ON_PURPOSE.has(next.condition)) this.#catchUp.forget();
      this.#tell("down", next.condition);
    }
  }

  #perform(effect: MembershipEffect): void {
    const { jid: room } = this;
    switch (effect.do) {
      case "send-join":
        // The room tells all of it again.
        this.#delivery.forgetHeard();
        this.#catchUp.startOver();
        this.#session?.send(
          joinPresence({ room, nick: effect.nick, history: this.#wantedHistory() }),
        );
        break;
      case "send-nick":
        this.#session?.send(nickPresence({ room, nick: effect.nick }));
        break;
      case "submit-instant-room":
        void this.#openRoom();
        break;
      case "leave":
        this.#session?.send(leavePresence({ room, nick: effect.nick }));
        break;
      case "wake":
        this.#alarm.set(effect.min + this.#options.clock.random() * (effect.max - effect.min));
        break;
      case "report":
        this.#options.log[effect.level](effect.event, { room, ...effect.fields });
        break;
    }
  }

  /** A room that we have made is locked until its owner has taken it as it is. */
  async #openRoom(): Promise<void> {
    const form = instantRoom({ room: this.jid, id: "" });
    const answer = await this.#session?.request(form, ANSWER_TIMEOUT);
    const refusal = answer && readStanzaError(answer);
    if (refusal === undefined) return;
    this.#options.log.error("room not opened", {
      room: this.jid,
      condition: refusal.condition,
      meaning: "nobody else can come in until its owner configures it",
    });
  }

  #wantedHistory(): History {
    const unheard = this.#listener === undefined ? undefined : this.#catchUp.since;
    const since = Math.min(this.#options.historySince() ?? Infinity, unheard ?? Infinity);
    return since === Infinity
      ? { maxstanzas: 0 }
      : { since: new Date(since - CLOCK_SKEW).toISOString() };
  }

  /** Half of what a busy relay hears is its own words: known by nick and id, they need no more reading. */
  #isOwnEcho({ name, attrs: { id = "", from = "", type } }: Element): boolean {
    const { nick } = this;
    const body = this.#delivery.bodyOf(id);
    if (body === undefined || nick === undefined || this.#stay === undefined) return false;
    if (name !== "message" || type !== "groupchat" || resourceOf(from) !== nick) return false;
    this.#keepsIds = true;
    this.#delivery.confirm(id);
    this.#catchUp.hear({ nick, id, body }, this.#options.clock.wallNow());
    return true;
  }

  #readMessage(stanza: Element): void {
    const message = readRoomMessage(stanza);
    const isByRoom = resourceOf(stanza.attrs.from ?? "") === undefined;
    if (message.kind === "speech") this.#readSpeech(message);
    // XEP-0045 section 7.2.15: the subject ends what a room sends to whoever comes in.
    else if (message.kind === "subject") this.#beginStay();
    // What we say goes to the room itself, so that no occupant can have refused it.
    else if (message.kind === "error" && isByRoom) this.#readBounce(message);
  }

  #readSpeech(speech: Speech): void {
    const history = isHistory(speech, { settled: this.#stay !== undefined });
    if (this.#stay === undefined) this.#recall(speech);
    else if (speech.nick === this.nick) for (const id of idsOf(speech)) this.#delivery.confirm(id);
    if (history) return this.#show(speech);
    this.#tellHistory();
    this.#catchUp.hear(speech, this.#options.clock.wallNow());
    this.#listener?.({ speech, own: this.#isOwn(speech), history });
  }

  #show(speech: Speech): void {
    if (this.#greeting.isSet) this.#prolongGreeting();
    if (!this.#catchUp.show(speech)) this.#options.counters.add("room_history_dropped");
  }

  /** What is new to us in the history is told as if it were said now. */
  #tellHistory(): void {
    for (const { speech, missed } of this.#catchUp.takeShown(this.#options.clock.wallNow())) {
      this.#listener?.({ speech, own: this.#isOwn(speech), history: !missed });
    }
  }

  /** What comes before we can speak, if it is ours, was said by an earlier session. */
  #recall(speech: Speech): void {
    if (!this.#mayBeOurs(speech.nick)) return;
    for (const id of idsOf(speech)) this.#delivery.hear({ id, body: bodyOf(speech) });
  }

  /** Ours is also what an earlier stay said and the room reflects late, to a ghost of ours. */
  #isOwn(speech: Speech): boolean {
    if (speech.nick === this.nick) return true;
    if (!this.#mayBeOurs(speech.nick)) return false;
    return idsOf(speech).some((id) => this.#delivery.isDoubtful({ id, body: bodyOf(speech) }));
  }

  /**
   * An earlier session may have had another form of the nick, while somebody else, or its ghost, had
   * the plain one. So may a forger: hence the id and the body count, too.
   */
  #mayBeOurs(nick: string): boolean {
    return nick === this.nick || nick.startsWith(this.#options.nick);
  }

  #readBounce({ id = "", condition, errorType }: Bounce): void {
    if (this.#delivery.bodyOf(id) === undefined) return;
    // XEP-0045 section 7.4: not-acceptable means that we are not in the room, whatever we believe.
    if (condition === "not-acceptable") {
      this.#delivery.settle(id, "uncertain");
      this.#move({ type: "self-ping", verdict: "outside" });
    } else {
      this.#delivery.settle(id, errorType === "wait" ? "later" : { refused: condition });
    }
  }

  #beginGreeting(): void {
    this.#greetingEnd = this.#options.clock.now() + LONGEST_GREETING;
    this.#prolongGreeting();
  }

  #prolongGreeting(): void {
    this.#greeting.set(Math.min(GREETING, this.#greetingEnd - this.#options.clock.now()));
  }

  #beginStay(): void {
    const { nick } = this;
    if (nick === undefined || this.#stay !== undefined) return;
    this.#greeting.clear();
    this.#tellHistory();
    this.#catchUp.begin(this.#options.clock.wallNow());
    this.#stay = new AbortController();
    this.#tell("up", `as ${nick}`);
    for (const wake of this.#waiting) wake();
  }

  #endStay(): void {
    this.#greeting.clear();
    this.#stay?.abort();
    this.#stay = undefined;
    this.#delivery.end();
  }

  /** Asks a silent room whether we are still in it (XEP-0410), and what became of what it keeps to itself. */
  async #keepAsking(session: XmppSession, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    this.#lastSign = clock.now();
    while (!signal.aborted) {
      await clock.sleep(OVERDUE, signal);
      const { nick } = this;
      const { oldestAt } = this.#delivery;
      const isSilent = clock.now() - this.#lastSign >= SILENCE;
      const isOverdue = oldestAt !== undefined && clock.now() - oldestAt >= OVERDUE;
      if (nick === undefined || !(isSilent || isOverdue)) continue;
      await this.#ask(session, nick);
    }
  }

  async #ask(session: XmppSession, nick: string): Promise<void> {
    const said = this.#delivery.underway;
    const answer = await session.request(
      selfPing({ room: this.jid, nick, id: "" }),
      ANSWER_TIMEOUT,
    );
    const verdict = readSelfPing(answer);
    if (verdict === "inside") {
      this.#lastSign = this.#options.clock.now();
      this.#delivery.pass(said);
    }
    this.#move({ type: "self-ping", verdict });
  }

  #tell(at: "up" | "down", detail: string): void {
    // Several accounts may be in one room: each of them is a link of its own.
    this.#options.health.set(`room ${this.jid} for ${this.#options.nick}`, at, detail);
  }
}

/** A room may give each message an id of its own; then ours is in the origin-id (XEP-0359). */
function idsOf({ id, originId }: Speech): readonly string[] {
  return [id, originId].filter((each) => each !== undefined);
}

/** The body as it was sent. */
function bodyOf({ action, body }: Speech): string {
  return action ? `/me ${body}` : body;
}

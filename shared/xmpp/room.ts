import type { Clock } from "../clock.ts";
import type { Gap } from "../gap.ts";
import type { Counters } from "../observe/counters.ts";
import type { LinkHealth } from "../observe/health.ts";
import type { Logger } from "../observe/logger.ts";
import { shield } from "../observe/shield.ts";
import type { Fate, Stay } from "../outbox/drain.ts";
import type { Notes } from "../outbox/journal.ts";
import { Stays } from "../outbox/stays.ts";
import { Stall } from "../stall.ts";
import { Arriving } from "./arriving.ts";
import { CatchUp, type CatchUpBounds } from "./catch-up.ts";
import { Delivery, type Utterance } from "./delivery.ts";
import { keepAsking, PROOF_EVERY, type Standing } from "./keep-asking.ts";
import { Occupancy } from "./occupancy.ts";
import type { XmppSession } from "./session.ts";
import type { Extent } from "./wire/arrival.ts";
import { toldOf } from "./wire/cursor.ts";
import type { Heard } from "./wire/heard.ts";
import { resourceOf } from "./wire/jid.ts";
import { type Bounce, readRoomMessage, readStanzaId, type Speech } from "./wire/message.ts";
import { readPresence } from "./wire/presence.ts";
import { groupchat } from "./wire/say.ts";
import type { SelfPingVerdict } from "./wire/self-ping.ts";
import type { Element } from "./wire/xml.ts";

/** What is told of what we missed, unless somebody wants more or less. */
const BOUNDS: CatchUpBounds = { maxAgeMs: 86_400_000, most: 1_000 };

/**
 * Who puts us out in one of these ways does not want the other side to hear what is said meanwhile. Who
 * only kicks us knows that we come back, and may read what was said like everybody.
 */
const ON_PURPOSE: ReadonlySet<string> = new Set(["banned", "not-a-member", "members-only"]);

export interface RoomOptions {
  readonly jid: string;
  readonly nick: string;
  /** What to do when the room did not exist until we joined (status 201). */
  readonly newRoom: "accept" | "refuse";
  /** When the oldest of what we may have said was taken, in milliseconds since 1970; undefined for none. */
  readonly historySince: () => number | undefined;
  /** Keeps how far we have heard the room. */
  readonly notes: Notes;
  /** Whose room this is, for the names of its notes: the same after a restart, and nobody else's. */
  readonly owner: string;
  readonly catchUp?: CatchUpBounds;
  /**
   * Since when what is said in the room is for us though we were never in it, in milliseconds since 1970;
   * when absent, since we first came in.
   */
  readonly listensSince?: number;
  /** Whether an id is one of those that we give, in this run or another; when absent, nobody can tell. */
  readonly isOurId?: (id: string) => boolean;
  /** What of a body stays the same when it is said again later; when absent, all of it. */
  readonly essence?: (body: string) => string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly counters: Counters;
  readonly health: LinkHealth;
}

/**
 * One MUC room (XEP-0045), whatever the connection does: joins with every session it is given, stays
 * in, comes back, and knows of each thing it says what became of it.
 */
export class Room {
  readonly #options: RoomOptions;
  readonly #occupancy: Occupancy;
  readonly #delivery: Delivery;
  readonly #catchUp: CatchUp;
  readonly #arriving: Arriving;
  readonly #stall: Stall;
  readonly #stays = new Stays();
  #session: XmppSession | undefined;
  /** The room has given us back a message under the id that we gave it: it does so with all. */
  #keepsIds = false;
  #listener: ((heard: Heard) => void) | undefined;
  #returnListener: ((gap: Gap) => void) | undefined;
  /** Stops hearing the room. */
  #deafen: () => void = () => {};
  #provedAt = 0;

  constructor(options: RoomOptions) {
    const { notes, owner, jid, clock, health, catchUp: bounds = BOUNDS } = options;
    const { essence = (body) => body, isOurId = () => false } = options;
    this.#options = options;
    this.#delivery = new Delivery({ notes, name: `heard ${owner} ${jid}`, essence, isOurId });
    this.#stall = new Stall(clock);
    this.#catchUp = new CatchUp({
      notes,
      name: `cursor ${owner} ${jid}`,
      bounds,
      since: options.listensSince,
      heardUpTo: () => this.#stall.heardUpTo,
      clock,
    });
    this.#arriving = new Arriving({
      ...options,
      room: jid,
      catchUp: this.#catchUp,
      onEarly: (speech) => this.#recall(speech),
      joinAgain: () => this.#occupancy.take({ type: "again" }),
      beginStay: (extent) => this.#beginStay(extent),
    });
    this.#tell("down", "not joined yet");
    health.prove(this.link, { at: () => this.#provedAt, everyMs: PROOF_EVERY });
    this.#occupancy = new Occupancy({
      ...options,
      room: jid,
      attempts: health.attempts(this.link),
      history: () => this.#arriving.prepare(this.#wanted()),
      onEnter: () => this.#arriving.enter(),
      onLeave: (removal) => this.#depart(removal),
      onTrouble: (trouble) => this.#tell("down", trouble),
    });
  }

  get jid(): string {
    return this.#options.jid;
  }

  /** Its name in health. Several accounts may be in one room: each of them is a link of its own. */
  get link(): string {
    return `room ${this.jid} for ${this.#options.nick}`;
  }

  /** Our nick in the room; undefined while we are not in it. */
  get nick(): string | undefined {
    return this.#occupancy.nick;
  }

  /**
   * When the room last gave a sign, in monotonic milliseconds; 0 before the first one. What waited for us
   * while we stood still is as old as that.
   */
  get provedAt(): number {
    return this.#provedAt;
  }

  /**
   * Calls back with all that is said in the room, and after a gap first with what was said meanwhile, as
   * far as the room's archive or history shows it; one listener.
   */
  onSpeech(listener: (heard: Heard) => void): void {
    this.#listener = shield("room", this.#options, listener);
  }

  /** Calls back whenever we are back in the room, before we hear what we missed; one listener. */
  onReturn(listener: (gap: Gap) => void): void {
    this.#returnListener = shield("room", this.#options, listener);
  }

  /** Joins over this session, and stays in the room until the session ends. */
  attach(session: XmppSession): void {
    const ended = new AbortController();
    this.#session = session;
    this.#arriving.use(session);
    void this.#stall.watch(ended.signal);
    this.#deafen = session.onStanza(this.jid, (stanza) => {
      this.#provedAt = this.#stall.heardUpTo;
      if (this.#isOwnEcho(stanza)) return;
      const presence = readPresence(stanza);
      if (presence !== undefined) this.#occupancy.take({ type: "presence", presence });
      else if (stanza.is("message")) this.#readMessage(stanza);
    });
    void session.ended.then((reason) => {
      ended.abort();
      this.#occupancy.take({ type: "offline" });
      this.#tell("down", reason);
    });
    this.#occupancy.use(session);
    void keepAsking({
      session,
      room: this.jid,
      clock: this.#options.clock,
      signal: ended.signal,
      standing: () => this.#standing(),
      onAsk: () => this.#beAsked(),
    });
  }

  /** Leaves politely. */
  leave(): void {
    // What the room says to that is no surprise, and no reason to come back; and without a nick we could
    // not tell our own words from those of others.
    this.#deafen();
    this.#occupancy.leave();
  }

  /** Resolves when things can be said in the room; with undefined when the signal aborts before. */
  stay(signal: AbortSignal): Promise<Stay | undefined> {
    return this.#stays.wait(signal);
  }

  /**
   * Says something, and calls `written` just before. Resolves with `delivered` when the room has reflected
   * it to us, at once when an earlier session said it and the room has shown that.
   */
  say(utterance: Utterance, written: () => void = () => {}): Promise<Fate> {
    if (this.#delivery.takeHeard(utterance)) return Promise.resolve("delivered");
    if (this.#session === undefined || this.#stays.present === undefined) {
      return Promise.resolve("unsent");
    }
    const { id, body } = utterance;
    written();
    this.#session.send(groupchat({ room: this.jid, body, id, originId: !this.#keepsIds }));
    return this.#delivery.begin(utterance, this.#options.clock.now());
  }

  /** Since when something may have been said that we want to know of: by others, or by us. */
  #wanted(): number | undefined {
    const unheard = this.#listener === undefined ? undefined : this.#catchUp.cursor?.at;
    const since = Math.min(unheard ?? Infinity, this.#options.historySince() ?? Infinity);
    return since === Infinity ? undefined : since;
  }

  #depart(removal: string | undefined): void {
    if (this.#arriving.isStaying) this.#catchUp.leave(this.#provedAt);
    if (removal !== undefined && ON_PURPOSE.has(removal)) this.#catchUp.close();
    this.#arriving.depart();
    this.#stays.end();
    this.#delivery.end();
  }

  /** Half of what a busy relay hears is its own words: known by nick and id, they need no more reading. */
  #isOwnEcho(stanza: Element): boolean {
    const { id = "", from = "", type } = stanza.attrs;
    const { nick } = this;
    const body = this.#delivery.bodyOf(id);
    if (body === undefined || nick === undefined || !this.#arriving.isStaying) return false;
    if (stanza.name !== "message" || type !== "groupchat" || resourceOf(from) !== nick)
      return false;
    this.#keepsIds = true;
    this.#delivery.confirm(id);
    this.#catchUp.hear({ nick, id, body, stanzaId: readStanzaId(stanza, this.jid) });
    return true;
  }

  #readMessage(stanza: Element): void {
    const message = readRoomMessage(stanza);
    const isByRoom = resourceOf(stanza.attrs.from ?? "") === undefined;
    if (message.kind === "speech") this.#readSpeech(message);
    // XEP-0045 section 7.2.15: the subject ends what a room sends to whoever comes in.
    else if (message.kind === "subject") this.#arriving.hearSubject();
    // What we say goes to the room itself, so that no occupant can have refused it.
    else if (message.kind === "error" && isByRoom) this.#readBounce(message);
  }

  #readSpeech(speech: Speech): void {
    if (!this.#arriving.isStaying) return this.#arriving.hear(speech);
    if (speech.nick === this.nick) this.#delivery.confirmSpeech(speech);
    this.#listener?.({ speech, own: this.#isOwn(speech), history: false });
    this.#catchUp.hear(toldOf(speech));
  }

  /** What comes before we can speak, if it is ours, was said by an earlier session. */
  #recall(speech: Speech): void {
    if (this.#mayBeOurs(speech.nick)) this.#delivery.hear(speech);
  }

  /** Ours is also what an earlier stay said and the room reflects late, to a ghost of ours. */
  #isOwn(speech: Speech): boolean {
    if (speech.nick === this.nick) return true;
    return this.#mayBeOurs(speech.nick) && this.#delivery.isDoubtful(speech);
  }

  /** What the room shows again is not ours for its nick: while we are away, anybody can have that. */
  #wasOurs(speech: Speech): boolean {
    return this.#mayBeOurs(speech.nick) && this.#delivery.knows(speech);
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
      this.#occupancy.take({ type: "self-ping", verdict: "outside" });
    } else {
      this.#delivery.settle(id, errorType === "wait" ? "later" : { refused: condition });
    }
  }

  /** First what we missed is heard, and written down as heard; then things can be said. */
  #beginStay(extent: Extent): void {
    const { gap, retold } = this.#catchUp.comeBack(extent, (speech) => this.#wasOurs(speech));
    if (gap !== undefined) this.#returnListener?.(gap);
    for (const { speech, isOld, at } of retold) {
      this.#listener?.({ speech, own: this.#wasOurs(speech), history: isOld, at });
    }
    this.#catchUp.keep();
    this.#delivery.keepHeard();
    this.#stays.begin();
    this.#tell("up", `as ${this.nick}`);
  }

  #standing(): Standing | undefined {
    const { nick, provedAt } = this;
    return nick === undefined ? undefined : { nick, provedAt, owesSince: this.#delivery.oldestAt };
  }

  /** What the room has kept to itself of what we said until now, it will not say after this answer. */
  #beAsked(): (verdict: SelfPingVerdict) => void {
    const said = this.#delivery.underway;
    const over = this.#stays.present?.over;
    return (verdict) => {
      // It says nothing of a stay that has begun since, in which the same may be said again.
      if (over !== this.#stays.present?.over) return;
      if (verdict === "inside") {
        this.#provedAt = this.#stall.heardUpTo;
        if (this.#arriving.isStaying) this.#catchUp.prove(this.#provedAt);
        this.#delivery.pass(said);
      }
      this.#occupancy.take({ type: "self-ping", verdict });
    };
  }

  #tell(at: "up" | "down", detail: string): void {
    this.#options.health.set(this.link, at, detail);
  }
}

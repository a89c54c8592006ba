import { Alarm } from "../alarm.ts";
import type { Clock } from "../clock.ts";
import type { Attempts } from "../observe/health.ts";
import type { Logger } from "../observe/logger.ts";
import type { XmppSession } from "./session.ts";
import {
  type Membership,
  type MembershipEffect,
  type MembershipEvent,
  OUTSIDE,
  step,
} from "./wire/membership.ts";
import {
  type History,
  instantRoom,
  joinPresence,
  leavePresence,
  nickPresence,
} from "./wire/say.ts";
import { readStanzaError } from "./wire/stanza-error.ts";

/** How long a room that we have made may take to let itself be opened, in milliseconds. */
const OPEN_TIMEOUT = 15_000;

export interface OccupancyOptions {
  readonly room: string;
  /** The nick that we want. */
  readonly nick: string;
  /** What to do when the room did not exist until we joined (status 201). */
  readonly newRoom: "accept" | "refuse";
  readonly clock: Clock;
  readonly log: Logger;
  readonly attempts: Attempts;
  /** What we want to be shown; asked each time that we ask to come in. */
  readonly history: () => History;
  readonly onEnter: () => void;
  /** Told, before anything else is done about it, with what put us out; undefined when nobody did. */
  readonly onLeave: (removal: string | undefined) => void;
  /** Told why we are not inside. */
  readonly onTrouble: (trouble: string) => void;
}

/** Keeps us in a room, whatever session there is: carries out what the steps of a membership ask for. */
export class Occupancy {
  readonly #options: OccupancyOptions;
  readonly #alarm: Alarm;
  #membership: Membership = OUTSIDE;
  #session: XmppSession | undefined;

  constructor(options: OccupancyOptions) {
    this.#options = options;
    this.#alarm = new Alarm(options.clock, () => this.take({ type: "due" }));
  }

  /** Our nick in the room; undefined while we are not in it. */
  get nick(): string | undefined {
    return this.#membership.at === "inside" ? this.#membership.nick : undefined;
  }

  /** Comes in over this session. */
  use(session: XmppSession): void {
    this.#session = session;
    this.take({ type: "online" });
  }

  /** Leaves politely, and does not come back over this session. */
  leave(): void {
    const { nick } = this;
    const { room } = this.#options;
    if (nick !== undefined) this.#session?.send(leavePresence({ room, nick }));
    this.take({ type: "offline" });
  }

  /** Something happens to our membership. */
  take(event: MembershipEvent): void {
    const { clock, onEnter, onLeave, onTrouble } = this.#options;
    const before = this.#membership;
    const [next, ...effects] = step(before, event, { ...this.#options, now: clock.now() });
    this.#membership = next;
    const isNew = next.at !== before.at;
    if (isNew && (next.at === "outside" || next.at === "inside")) this.#rest();
    if (isNew && before.at === "inside") {
      onLeave(next.at === "barred" ? next.condition : undefined);
    }
    for (const effect of effects) this.#perform(effect);
    if (isNew && next.at === "inside") onEnter();
    if (before.at === "inside" && next.at === "joining") onTrouble("joining again");
    if (next.at === "barred") onTrouble(next.condition);
  }

  #perform(effect: MembershipEffect): void {
    const { room, clock, log, attempts, history } = this.#options;
    switch (effect.do) {
      case "send-join":
        attempts.begin();
        this.#session?.send(joinPresence({ room, nick: effect.nick, history: history() }));
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
        this.#wakeIn(effect.min + clock.random() * (effect.max - effect.min));
        break;
      case "report":
        log[effect.level](effect.event, { room, ...effect.fields });
        break;
    }
  }

  #wakeIn(ms: number): void {
    this.#alarm.set(ms);
    this.#options.attempts.wait(ms);
  }

  #rest(): void {
    this.#alarm.clear();
    this.#options.attempts.rest();
  }

  /** A room that we have made is locked until its owner has taken it as it is. */
  async #openRoom(): Promise<void> {
    const { room, log } = this.#options;
    const answer = await this.#session?.request(instantRoom({ room, id: "" }), OPEN_TIMEOUT);
    const refusal = answer && readStanzaError(answer);
    if (refusal === undefined) return;
    log.error("room not opened", {
      room,
      condition: refusal.condition,
      meaning: "nobody else can come in until its owner configures it",
    });
  }
}

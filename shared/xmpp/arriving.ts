import { Alarm } from "../alarm.ts";
import type { Clock } from "../clock.ts";
import type { Logger } from "../observe/logger.ts";
import { readArchive } from "./archive.ts";
import type { CatchUp } from "./catch-up.ts";
import type { XmppSession } from "./session.ts";
import type { ArchiveResult } from "./wire/archive.ts";
import {
  type Arrival,
  type ArrivalEffect,
  type ArrivalEvent,
  type Extent,
  OUTSIDE,
  step,
} from "./wire/arrival.ts";
import { CLOCK_SKEW } from "./wire/cursor.ts";
import { isHistory, readRoomMessage, type Speech } from "./wire/message.ts";
import type { History } from "./wire/say.ts";

export interface ArrivingOptions {
  readonly room: string;
  readonly catchUp: CatchUp;
  readonly clock: Clock;
  readonly log: Logger;
  /** Told of all that is said or shown before we can speak. */
  readonly onEarly: (speech: Speech) => void;
  /** Asks to come in once more. */
  readonly joinAgain: () => void;
  /** All that we missed and can be told has been shown to `catchUp`. */
  readonly beginStay: (extent: Extent) => void;
}

/** Asks for nothing of what was said before us. */
const NO_HISTORY: History = { maxstanzas: 0 };

/**
 * Comes into a room, again and again: lets the room's archive tell what was said while we were away, or
 * its history where there is no archive that answers, and holds back what is said meanwhile.
 */
export class Arriving {
  readonly #options: ArrivingOptions;
  /** Some services do without a subject: then the greeting ends by itself. */
  readonly #greeting: Alarm;
  #arrival: Arrival = OUTSIDE;
  /** Aborts when we are outside again. */
  #visit = new AbortController();
  /** After which message, or else since when, the archive is to be read; undefined for no archive. */
  #archive: { readonly after: string; readonly since: number } | undefined;
  #session: XmppSession | undefined;
  /** The archive has failed us in this session. */
  #hasFailed = false;

  constructor(options: ArrivingOptions) {
    this.#options = options;
    this.#greeting = new Alarm(options.clock, () => this.#move({ type: "due" }));
  }

  /** Comes in over this session from now on. */
  use(session: XmppSession): void {
    this.#session = session;
    this.#hasFailed = false;
  }

  get isStaying(): boolean {
    return this.#arrival.at === "staying";
  }

  /**
   * What we ask to be shown when we ask to come in, to know what was said since this time, in milliseconds
   * since 1970; undefined when nobody wants to know.
   */
  prepare(since: number | undefined): History {
    const { catchUp } = this.#options;
    catchUp.startOver();
    this.#archive = undefined;
    if (since === undefined) return NO_HISTORY;
    const start = since - CLOCK_SKEW;
    // XEP-0313 section 5.1.2: a room that keeps an archive gives its messages the archive's ids.
    const after = this.#hasFailed ? undefined : catchUp.cursor?.archived;
    if (after === undefined) return { since: new Date(start).toISOString() };
    this.#archive = { after, since: start };
    return NO_HISTORY;
  }

  /** We are inside. */
  enter(): void {
    this.#visit = new AbortController();
    this.#move({ type: "inside", source: this.#archive === undefined ? "history" : "archive" });
  }

  /** We are no longer inside. */
  depart(): void {
    this.#visit.abort();
    this.#move({ type: "outside" });
  }

  /** The room tells its subject. */
  hearSubject(): void {
    this.#move({ type: "subject" });
  }

  /** Takes what is said or shown before we can speak. */
  hear(speech: Speech): void {
    const { catchUp, onEarly } = this.#options;
    onEarly(speech);
    if (!isHistory(speech, { settled: this.#arrival.at === "reading" }))
      return catchUp.hold(speech);
    // What the archive is going to tell, it tells better.
    if (this.#archive === undefined) catchUp.show(speech);
    this.#move({ type: "shown" });
  }

  #move(event: ArrivalEvent): void {
    const [next, ...effects] = step(this.#arrival, event, this.#options.clock.now());
    this.#arrival = next;
    if (next.at !== "greeting") this.#greeting.clear();
    for (const effect of effects) this.#perform(effect);
  }

  #perform(effect: ArrivalEffect): void {
    const { room, log, joinAgain, beginStay } = this.#options;
    switch (effect.do) {
      case "wake":
        return this.#greeting.set(effect.after);
      case "read-archive":
        return void this.#readArchive();
      case "begin-stay":
        return beginStay(effect.extent);
      case "join-for-history":
        log.warn("room archive not read", { room });
        this.#hasFailed = true;
        return joinAgain();
    }
  }

  async #readArchive(): Promise<void> {
    const { room, clock } = this.#options;
    const { signal } = this.#visit;
    if (this.#session === undefined || this.#archive === undefined) return;
    const extent = await readArchive({
      ...this.#archive,
      session: this.#session,
      room,
      clock,
      signal,
      onResult: (result) => this.#readResult(result),
    });
    if (signal.aborted) return;
    this.#move(extent === undefined ? { type: "unreadable" } : { type: "read", extent });
  }

  #readResult({ id, message, stamp }: ArchiveResult): void {
    const { catchUp, onEarly } = this.#options;
    catchUp.reach(id);
    const read = readRoomMessage(message);
    if (read.kind !== "speech") return;
    const speech = { ...read, stanzaId: id, delay: { stamp, byRoom: true } };
    onEarly(speech);
    catchUp.show(speech);
  }
}

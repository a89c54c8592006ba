import { Alarm } from "../alarm.ts";
import type { Clock } from "../clock.ts";
import type { IrcSession } from "./session.ts";
import type { Line } from "./wire/line.ts";

/** A server that answers no fence for so long, in milliseconds, hears us no more, whatever it still says. */
const PATIENCE_MS = 30_000;

/**
 * A PING behind some lines. Servers answer in order, so that its PONG proves that those were read. One
 * at a time; the session is abandoned when one is not answered.
 */
export class Fence {
  readonly #session: IrcSession;
  readonly #clock: Clock;
  /** Rings now and then while fences are written, so that none of them needs an alarm of its own. */
  readonly #patience: Alarm;
  // A PONG can be sent on by other clients, so nobody may know what to write into it.
  readonly #secret: string;
  #count = 0;
  #awaited: string | undefined;
  #sentAt = Number.NEGATIVE_INFINITY;

  constructor(session: IrcSession, clock: Clock) {
    this.#session = session;
    this.#clock = clock;
    this.#patience = new Alarm(clock, () => this.#check());
    this.#secret = [clock.random(), clock.random()].map((n) => n.toString(36).slice(2)).join("");
  }

  /** When the last one was written, in monotonic milliseconds. */
  get sentAt(): number {
    return this.#sentAt;
  }

  /** Whether the last one was not answered yet. */
  get isUnderway(): boolean {
    return this.#awaited !== undefined;
  }

  send(): void {
    this.#count += 1;
    this.#awaited = `${this.#secret}${this.#count}`;
    this.#sentAt = this.#clock.now();
    this.#session.send("PING", this.#awaited);
    if (!this.#patience.isSet) this.#patience.set(PATIENCE_MS);
  }

  /** True when the line is the answer that was awaited. */
  isPassedBy({ command, params }: Line): boolean {
    const isAnswer = command === "PONG" && this.isUnderway && params.at(-1) === this.#awaited;
    if (isAnswer) this.#awaited = undefined;
    return isAnswer;
  }

  end(): void {
    this.#patience.clear();
  }

  /** Behind a fence that is never answered all lines would wait for ever. */
  #check(): void {
    if (!this.isUnderway) return;
    const leftMs = this.#sentAt + PATIENCE_MS - this.#clock.now();
    if (leftMs > 0) this.#patience.set(leftMs);
    else this.#session.abandon(`no PONG within ${PATIENCE_MS} ms`);
  }
}

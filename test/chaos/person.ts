import { systemClock as clock } from "../../shared/clock.ts";
import { errorMessage } from "../../shared/error-message.ts";
import type { Chronicle } from "./chronicle.ts";

/** Whoever is in a place over a connection. */
export interface Connected {
  onEnd(listener: () => void): void;
  break(): void;
}

const PAUSE_MS = 50;

/** Somebody who comes into a place, and comes back whenever he is out of it. */
export class Person<U extends Connected> {
  readonly #who: string;
  readonly #enter: () => Promise<U>;
  readonly #chronicle: Chronicle;
  readonly #waiting = new Set<(user: U) => void>();
  #user: U | undefined;

  /** `enter` resolves when he is really inside. */
  constructor(who: string, enter: () => Promise<U>, chronicle: Chronicle) {
    this.#who = who;
    this.#enter = enter;
    this.#chronicle = chronicle;
  }

  /** Who is inside; undefined while he is not. */
  get user(): U | undefined {
    return this.#user;
  }

  /** Resolves as soon as he is inside. */
  inside(): Promise<U> {
    const user = this.#user;
    return user === undefined
      ? new Promise((resolve) => this.#waiting.add(resolve))
      : Promise.resolve(user);
  }

  /** Stays inside until the signal aborts. */
  async stay(signal: AbortSignal): Promise<void> {
    let isOutside = false;
    while (!signal.aborted) {
      try {
        await this.#stayOnce(await this.#enter(), signal);
        isOutside = false;
      } catch (error) {
        if (!isOutside) this.#chronicle.add(this.#who, `cannot come in: ${errorMessage(error)}`);
        isOutside = true;
      }
      await clock.sleep(PAUSE_MS, signal);
    }
  }

  async #stayOnce(user: U, signal: AbortSignal): Promise<void> {
    const ended = new Promise<void>((resolve) => user.onEnd(resolve));
    const leave = () => user.break();
    signal.addEventListener("abort", leave);
    if (signal.aborted) leave();
    this.#user = user;
    this.#chronicle.add(this.#who, "is inside");
    for (const resolve of this.#waiting) resolve(user);
    this.#waiting.clear();
    await ended;
    this.#user = undefined;
    this.#chronicle.add(this.#who, "is outside");
    signal.removeEventListener("abort", leave);
  }
}

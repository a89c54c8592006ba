import { randomUUID } from "node:crypto";
import { systemClock as clock } from "../../shared/clock.ts";
import type { Place } from "../bare/place.ts";
import { numbered, readNumber } from "../numbered.ts";
import type { Heard, Transcript } from "./account.ts";

/** Numbers that are said in one place and heard in another. */
export class Flow implements Transcript {
  readonly said: number[] = [];
  readonly heard: Heard[] = [];
  readonly #tag = randomUUID();

  /** Says the next number. */
  sayIn(place: Place): void {
    const number = this.said.push(clock.now()) - 1;
    place.say(numbered(this.#tag, number));
  }

  /** From now on what is heard in this place counts. */
  listenIn(place: Place): void {
    place.onSaid((_nick, text) => {
      const number = readNumber(this.#tag, text);
      if (number !== undefined) this.heard.push({ number, at: clock.now() });
    });
  }

  /** When something was heard last. */
  get lastAt(): number {
    return this.heard.at(-1)?.at ?? 0;
  }
}

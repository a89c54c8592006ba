import type { Fate } from "../outbox/drain.ts";
import { fateOfRefused, type SpokenLine } from "./proof.ts";
import type { IrcSession } from "./session.ts";
import { foldCase } from "./wire/casemapping.ts";
import type { Line } from "./wire/line.ts";
import { readSpeechRefusal, type SpeechRefusal } from "./wire/speech-refusal.ts";

/**
 * Refusals that do not say which line they are about. They come before the PONG of the fence behind
 * their lines, so those that came since the last proof belong to lines that the next one covers.
 */
export class Refusals {
  readonly #session: IrcSession;
  /** In order, by folded target; "" when they name none. */
  readonly #byTarget = new Map<string, SpeechRefusal[]>();

  constructor(session: IrcSession) {
    this.#session = session;
  }

  /** Notes what the line refuses, if anything; no more for one target than there are lines to refuse. */
  note(line: Line, most: number): void {
    const refusal = readSpeechRefusal(line);
    if (refusal === undefined) return;
    const name = this.#fold(refusal.target ?? "");
    const known = this.#byTarget.get(name);
    if (known === undefined && this.#byTarget.size < most) this.#byTarget.set(name, [refusal]);
    else if (known !== undefined && known.length < most) known.push(refusal);
  }

  /**
   * The fates of lines that the server has read, oldest first, by what was noted; forgets it. A refusal
   * names its target, not its line. When there are fewer than lines, the newest lines are taken for the
   * refused: a kick, a ban or a +m sets in while we speak more often than it is lifted.
   */
  judge(read: readonly SpokenLine[]): readonly Fate[] {
    if (this.#byTarget.size === 0) return read.map(() => "delivered");
    const newestFirst = read.toReversed().map((line): Fate => {
      const refusal =
        this.#byTarget.get(this.#fold(line.target))?.pop() ?? this.#byTarget.get("")?.pop();
      return refusal === undefined ? "delivered" : fateOfRefused(line, refusal);
    });
    this.#byTarget.clear();
    return newestFirst.toReversed();
  }

  #fold(name: string): string {
    return foldCase(name, this.#session.isupport.casemapping);
  }
}

import type { Clock } from "../../shared/clock.ts";

const MOST = 100;
const REMEMBERED = 60_000;

/**
 * The lines that we said in one place a moment ago, to know them again when another relay brings them
 * back: to us they look like somebody else's words, and repeating them would never end.
 */
export class RecentLines {
  readonly #clock: Clock;
  #lines: { readonly text: string; readonly at: number }[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(text: string): void {
    this.#lines.push({ text, at: this.#clock.now() });
    if (this.#lines.length > 2 * MOST) this.#lines = this.#lines.slice(-MOST);
  }

  /** True for a line that we said ourselves in the same place: somebody else relays the same. */
  has(text: string): boolean {
    return this.#recent().some((line) => line.text === text);
  }

  /** True for one of our lines behind our own nick, as a relay writes it: `<nick> our line`. */
  hasQuoted(text: string, nick: string): boolean {
    const at = text.indexOf(nick);
    if (at === -1 || at > MOST_PREFIX) return false;
    const rest = text.slice(at + nick.length);
    return this.#recent().some((line) => rest.endsWith(line.text));
  }

  #recent() {
    const since = this.#clock.now() - REMEMBERED;
    return this.#lines.slice(-MOST).filter(({ at }) => at >= since);
  }
}

/** What stands before the nick in a relayed line is a mark or two, not a sentence. */
const MOST_PREFIX = 16;

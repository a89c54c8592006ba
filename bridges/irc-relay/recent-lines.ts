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
    return this.#some((line) => line === text);
  }

  /** True for one of our lines behind our own nick, as a relay writes it: `<nick> our line`. */
  hasQuoted(text: string, nick: string): boolean {
    const at = text.indexOf(nick);
    if (at === -1 || at > MOST_PREFIX) return false;
    const rest = text.slice(at + nick.length);
    return this.#some((line) => rest.endsWith(line));
  }

  /** Newest first, because an echo comes soon. */
  #some(matches: (line: string) => boolean): boolean {
    const since = this.#clock.now() - REMEMBERED;
    const oldest = Math.max(0, this.#lines.length - MOST);
    for (let i = this.#lines.length - 1; i >= oldest; i -= 1) {
      const line = this.#lines[i];
      if (line === undefined || line.at < since) return false;
      if (matches(line.text)) return true;
    }
    return false;
  }
}

/** What stands before the nick in a relayed line is a mark or two, not a sentence. */
const MOST_PREFIX = 16;

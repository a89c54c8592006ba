import { type Casemapping, foldCase, sameName } from "./wire/casemapping.ts";
import type { Line } from "./wire/line.ts";
import { parseSource } from "./wire/source.ts";

/** Whose members, and how the server spells them. */
export interface MembersView {
  readonly channel: string;
  readonly casemapping: Casemapping;
  /** Rank characters that may stand before a nick in RPL_NAMREPLY. */
  readonly prefixes: string;
}

/** No channel is as large as this, unless a server wants our memory. */
const MOST_MEMBERS = 100_000;

/** Who is in a channel, by what the server tells its members (RFC 1459 sections 4.1 and 4.2). */
export class Members {
  readonly #nicks = new Set<string>();

  /** Folded nicks. */
  get nicks(): ReadonlySet<string> {
    return this.#nicks;
  }

  clear(): void {
    this.#nicks.clear();
  }

  /** Follows one line of the session. Lines about other channels change nothing. */
  hear(line: Line, view: MembersView): void {
    followers[line.command]?.(this, line, view);
  }

  add(nick: string, { casemapping }: MembersView): void {
    if (nick !== "" && this.#nicks.size < MOST_MEMBERS)
      this.#nicks.add(foldCase(nick, casemapping));
  }

  /** True when the nick was a member until now. */
  delete(nick: string, { casemapping }: MembersView): boolean {
    return this.#nicks.delete(foldCase(nick, casemapping));
  }
}

type Follower = (members: Members, line: Line, view: MembersView) => void;

const followers: Readonly<Record<string, Follower | undefined>> = {
  JOIN: (members, { source, params: [channel] }, view) => {
    if (isOurs(channel, view)) members.add(nickOf(source), view);
  },
  // RPL_NAMREPLY: `353 me = #channel :@nick +nick nick!user@host`, as multi-prefix and userhost-in-names have it.
  353: (members, { params: [, , channel, names = ""] }, view) => {
    if (!isOurs(channel, view)) return;
    for (const name of names.split(" ")) members.add(nickOf(withoutRanks(name, view)), view);
  },
  PART: (members, { source, params: [channel] }, view) => {
    if (isOurs(channel, view)) members.delete(nickOf(source), view);
  },
  KICK: (members, { params: [channel, nick = ""] }, view) => {
    if (isOurs(channel, view)) members.delete(nick, view);
  },
  // These two name no channel: only who was a member is meant.
  QUIT: (members, { source }, view) => {
    members.delete(nickOf(source), view);
  },
  NICK: (members, { source, params: [nick = ""] }, view) => {
    if (members.delete(nickOf(source), view)) members.add(nick, view);
  },
};

function isOurs(channel: string | undefined, view: MembersView): boolean {
  return channel !== undefined && sameName(channel, view.channel, view.casemapping);
}

function nickOf(source = ""): string {
  return parseSource(source).nick;
}

function withoutRanks(name: string, { prefixes }: MembersView): string {
  let start = 0;
  while (start < name.length && prefixes.includes(name.charAt(start))) start += 1;
  return name.slice(start);
}

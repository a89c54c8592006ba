import { type Casemapping, sameName } from "./casemapping.ts";
import type { Line } from "./line.ts";
import type { NickEvent } from "./nick-keeping.ts";
import { nickOf } from "./source.ts";

/** Which nick we want, and whether it is ours after the line. */
export interface NickView {
  readonly wanted: string;
  readonly casemapping: Casemapping;
  readonly isMe: (nick: string) => boolean;
}

/** What a line means for the nick that we want; undefined when nothing. */
export function readNickEvent(line: Line, view: NickView): NickEvent | undefined {
  return refusals.has(line.command) ? readRefusal(line, view) : readers[line.command]?.(line, view);
}

type Reader = (line: Line, view: NickView) => NickEvent | undefined;

const readers: Readonly<Record<string, Reader | undefined>> = {
  NICK: ({ source, params: [nick = ""] }, view) => {
    const isOurs = view.isMe(nick);
    if (isOurs) return { type: "nick", isWanted: isWanted(nick, view) };
    return isWanted(nickOf(source), view) ? { type: "free" } : undefined;
  },
  QUIT: ({ source }, view) => (isWanted(nickOf(source), view) ? { type: "free" } : undefined),
  // RPL_ISON (RFC 1459 section 5.8) names those that are there; nobody else asks on this session.
  303: ({ params: [, nicks = ""] }, view) =>
    nicks.split(" ").some((nick) => isWanted(nick, view)) ? undefined : { type: "free" },
  // RPL_MONOFFLINE (IRCv3 monitor).
  731: ({ params: [, nicks = ""] }, view) =>
    nicks.split(",").some((nick) => isWanted(nickOf(nick), view)) ? { type: "free" } : undefined,
};

// RFC 1459 section 6.1, RFC 2812 section 5.2, and what today's servers add.
const refusals: ReadonlySet<string> = new Set([
  "432", // ERR_ERRONEUSNICKNAME
  "433", // ERR_NICKNAMEINUSE
  "435", // ERR_BANONCHAN
  "436", // ERR_NICKCOLLISION
  "437", // ERR_UNAVAILRESOURCE
  "438", // ERR_NICKTOOFAST
  "447", // ERR_CANTCHANGENICK
]);

// 437 also answers a JOIN, and then names a channel; 438 of some servers names the old nick first.
function readRefusal({ command, params }: Line, view: NickView): NickEvent | undefined {
  const isOurs = params.slice(1, 3).some((param) => isWanted(param, view));
  return isOurs ? { type: "refused", numeric: command } : undefined;
}

function isWanted(nick: string, { wanted, casemapping }: NickView): boolean {
  return sameName(nick, wanted, casemapping);
}

import { type Casemapping, sameName } from "./casemapping.ts";
import type { MembershipEvent } from "./channel-membership.ts";
import { joinRefusal } from "./join-refusal.ts";
import type { Line } from "./line.ts";
import { nickOf } from "./source.ts";

/** How one channel of one session tells its own lines from others'. */
export interface ChannelView {
  readonly channel: string;
  readonly casemapping: Casemapping;
  readonly isMe: (nick: string) => boolean;
  /** True for channels of this session that somebody here wants, ours among them. */
  readonly isWanted: (channel: string) => boolean;
}

/**
 * What a line means for our membership in the channel; undefined when nothing. The session's beginning
 * and end are no lines.
 */
export function readMembershipEvent(line: Line, view: ChannelView): MembershipEvent | undefined {
  return (READERS[line.command] ?? readRefusal)(line, view);
}

type Reader = (line: Line, view: ChannelView) => MembershipEvent | undefined;

const READERS: Readonly<Record<string, Reader | undefined>> = {
  JOIN: readJoin,
  KICK: ({ source, params: [channel, nick, reason] }, view) =>
    isOurs(channel, view) && isMe(nick, view)
      ? { type: "removed", how: "kicked", by: nickOf(source), reason: cut(reason) }
      : undefined,
  // We never PART the channel that we want, so this one was forced upon us.
  PART: ({ source, params: [channel, reason] }, view) =>
    isOurs(channel, view) && isMe(nickOf(source), view)
      ? { type: "removed", how: "parted", by: "", reason: cut(reason) }
      : undefined,
  // ERR_NOTONCHANNEL for a channel that we believe to be in: we missed how we lost it.
  442: ({ source, params: [, channel] }, view) =>
    isOurs(channel, view)
      ? { type: "removed", how: "not on channel", by: source ?? "", reason: "" }
      : undefined,
  // With invite-notify the invitations of others come in too.
  INVITE: ({ params: [nick, channel] }, view) =>
    isOurs(channel, view) && isMe(nick, view) ? { type: "invited" } : undefined,
  // RPL_LOGGEDIN of the IRCv3 SASL specification; servers also send it after a login by services.
  900: () => ({ type: "logged-in" }),
};

function readJoin({ source, params }: Line, view: ChannelView): MembershipEvent | undefined {
  const [channel = ""] = params;
  if (!isMe(nickOf(source), view)) return undefined;
  if (isOurs(channel, view)) return { type: "joined" };
  return view.isWanted(channel) ? undefined : { type: "strayed", channel };
}

/** Numerics about speaking, modes and kicking, which name the channel and refuse no JOIN. */
const OTHER_ERRORS: ReadonlySet<string> = new Set(["404", "441", "443", "472", "478", "482"]);

/** Servers have more numerics for a refused JOIN than any list: every other error that names the channel. */
function readRefusal({ command, params }: Line, view: ChannelView): MembershipEvent | undefined {
  const [, channel, other] = params;
  if (!isOurs(channel, view)) return undefined;
  const known = joinRefusal(command);
  if (known !== undefined) {
    // `470 me #wanted #other :Forwarding to another channel` of the ratbox family, UnrealIRCd, InspIRCd.
    const stray = command === "470" && params.length > 3 && other !== undefined;
    const leave = stray && !view.isWanted(other) ? { leave: other } : undefined;
    return { type: "refused", refusal: known, ...leave };
  }
  if (!/^[45]\d\d$/.test(command) || OTHER_ERRORS.has(command)) return undefined;
  const meaning = cut(params.at(-1));
  return { type: "refused", refusal: { name: command, meaning, retry: "later" } };
}

function isOurs(channel: string | undefined, { channel: ours, casemapping }: ChannelView): boolean {
  return channel !== undefined && sameName(channel, ours, casemapping);
}

function isMe(nick: string | undefined, view: ChannelView): boolean {
  return nick !== undefined && view.isMe(nick);
}

/** Reasons go into the log, and others write them. */
function cut(reason = ""): string {
  return reason.slice(0, 200);
}

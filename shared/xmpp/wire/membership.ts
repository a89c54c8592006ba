import { shorten } from "../../text/split.ts";
import { joinRefusal } from "./join-refusal.ts";
import { pauseRange, type Retry } from "./membership-retry.ts";
import type { Gone, Here, Refused, RoomPresence } from "./presence.ts";
import { type RemovalReason, removal } from "./removal.ts";
import type { SelfPingVerdict } from "./self-ping.ts";

/** Where we stand with one room on one session. */
export type Membership =
  /** There is no session. */
  | { readonly at: "outside"; readonly past: Past }
  /** A join is under way; the wake behind it ends the wait for an answer. */
  | { readonly at: "joining"; readonly nick: string; readonly tries: number; readonly past: Past }
  /** `displaced`: we have this nick because the one we want was taken. */
  | {
      readonly at: "inside";
      readonly nick: string;
      readonly displaced: boolean;
      readonly since: number;
      readonly past: Past;
    }
  /** The next join comes with the wake. */
  | {
      readonly at: "barred";
      readonly condition: string;
      readonly retry: Retry;
      readonly past: Past;
    };

/** What is remembered from one try to the next. */
interface Past {
  /** Joins of this session that were refused or not answered, one after another. */
  readonly refusals: number;
  /** Times we were put out of the room, one soon after another; outlives the session. */
  readonly removals: number;
  /** The trouble that was last reported, so that the same one is not reported again. */
  readonly trouble: string | undefined;
  /** The room was destroyed while we were in it, and nobody has made it again since. */
  readonly destroyed: boolean;
}

/** What happens to a membership. The presences are those that come from this room. */
export type MembershipEvent =
  | { readonly type: "online" }
  | { readonly type: "offline" }
  | { readonly type: "presence"; readonly presence: RoomPresence }
  | { readonly type: "self-ping"; readonly verdict: SelfPingVerdict }
  /** Being inside, we want to be greeted once more. */
  | { readonly type: "again" }
  /** The last wake that was asked for is due. */
  | { readonly type: "due" };

/** What the caller has to carry out, in order. */
export type MembershipEffect =
  | { readonly do: "send-join"; readonly nick: string }
  /** Ask for this nick, being inside under another. */
  | { readonly do: "send-nick"; readonly nick: string }
  /** Take the new room as it is (XEP-0045 section 10.1.2), so that others can come in. */
  | { readonly do: "submit-instant-room" }
  | { readonly do: "leave"; readonly nick: string }
  /** Send `due` after a time drawn from this range of milliseconds; replaces the wake before it. */
  | { readonly do: "wake"; readonly min: number; readonly max: number }
  | {
      readonly do: "report";
      readonly level: "info" | "warn" | "error";
      readonly event: string;
      readonly fields: Readonly<Record<string, string | number | undefined>>;
    };

export type MembershipStep = readonly [Membership, ...MembershipEffect[]];

/** What the administrator wants, and the time. */
export interface MembershipContext {
  /** The nick that we want to have. */
  readonly nick: string;
  /** What to do with a room that did not exist and was made by our joining (status 201). */
  readonly newRoom: "accept" | "refuse";
  /** Monotonic milliseconds. */
  readonly now: number;
}

/** How often who is displaced asks for the wanted nick, beside whenever its holder goes. */
const NICK_INTERVAL = 60_000;
/** Whoever stayed inside as long as this begins with the shortest pause again when put out. */
const CALM = 600_000;
/** From here on it is no accident: somebody, or something, wants us out. */
const MANY_REMOVALS = 5;
const MOST_NICK_TRIES = 5;

/** Where every membership begins. */
export const OUTSIDE: Membership = {
  at: "outside",
  past: { refusals: 0, removals: 0, trouble: undefined, destroyed: false },
};

/**
 * One step of staying in a room (XEP-0045 sections 7.2 to 7.14). While a session lives and we are not
 * inside, a wake is always pending; we are inside only after our own presence came from the room.
 */
export function step(
  state: Membership,
  event: MembershipEvent,
  context: MembershipContext,
): MembershipStep {
  if (event.type === "online") return join({ ...state.past, refusals: 0 }, context);
  if (event.type === "offline") return [{ at: "outside", past: state.past }];
  if (state.at === "outside") return [state];
  if (event.type === "presence") return seen(state, event.presence, context);
  if (event.type === "due") return due(state, context);
  if (event.type === "again") return state.at === "inside" ? join(state.past, context) : [state];
  return event.verdict === "outside" && state.at === "inside" ? lost(state, context) : [state];
}

type Online = Exclude<Membership, { at: "outside" }>;
type Joining = Extract<Membership, { at: "joining" }>;
type Inside = Extract<Membership, { at: "inside" }>;

function join(past: Past, { nick }: MembershipContext): MembershipStep {
  return tryNick({ at: "joining", nick, tries: 1, past });
}

function tryNick(state: Joining): MembershipStep {
  return [state, { do: "send-join", nick: state.nick }, wake("unanswered", state.past.refusals)];
}

function seen(state: Online, presence: RoomPresence, context: MembershipContext): MembershipStep {
  if (state.at === "joining") return seenJoining(state, presence, context);
  return state.at === "inside" ? seenInside(state, presence, context) : [state];
}

function seenJoining(
  state: Joining,
  presence: RoomPresence,
  context: MembershipContext,
): MembershipStep {
  if (presence.kind === "refused") return joinRefused(state, presence, context);
  // Section 7.2.2: only our own presence carries 110. Without it, somebody else has the nick.
  const isIn = presence.kind === "here" && presence.self;
  return isIn ? entered(state, presence, context) : [state];
}

function seenInside(
  state: Inside,
  presence: RoomPresence,
  context: MembershipContext,
): MembershipStep {
  if (presence.kind === "refused") return nickRefused(state, presence, context);
  if (presence.kind === "gone") return gone(state, presence, context);
  return presence.self ? named(state, presence.nick, context) : [state];
}

function entered(state: Joining, presence: Here, context: MembershipContext): MembershipStep {
  const { created, renamed, nick } = presence;
  if (created && !mayCreate(state.past, context)) return newRoomRefused(state.past, nick);
  // A nick that the room itself gave us (210) is not ours to fight over.
  const displaced = state.tries > 1 && !renamed && !isSameNick(nick, context.nick);
  const wanted = isSameNick(nick, context.nick) ? undefined : context.nick;
  const past = { ...state.past, refusals: 0, trouble: undefined, destroyed: false };
  return [
    { at: "inside", nick, displaced, since: context.now, past },
    ...(created ? ACCEPT_ROOM : []),
    ...(displaced ? [WAKE_FOR_NICK] : []),
    report(wanted === undefined ? "info" : "warn", "room joined", { nick, wanted }),
  ];
}

/** A room that somebody destroyed is not made again: we only come back once it exists. */
function mayCreate(past: Past, { newRoom }: MembershipContext): boolean {
  return !past.destroyed && newRoom === "accept";
}

const ACCEPT_ROOM: readonly MembershipEffect[] = [
  { do: "submit-instant-room" },
  { do: "report", level: "warn", event: "room created", fields: {} },
];

const WAKE_FOR_NICK: MembershipEffect = { do: "wake", min: NICK_INTERVAL, max: NICK_INTERVAL };

function newRoomRefused(past: Past, nick: string): MembershipStep {
  const meaning = past.destroyed
    ? "the room was destroyed, and nobody has made it again"
    : "the room does not exist, and the configuration says not to make it";
  const refusal = { condition: "new-room", retry: "long", meaning } as const;
  return [...barred(past, { ...refusal, level: "error" }), { do: "leave", nick }];
}

/** Our own presence inside: another nick than before is ours from now on, whoever changed it. */
function named(state: Inside, nick: string, context: MembershipContext): MembershipStep {
  if (nick === state.nick) return [state];
  const displaced = state.displaced && !isSameNick(nick, context.nick);
  return [
    { ...state, nick, displaced },
    report("info", "room nick changed", { nick, before: state.nick }),
  ];
}

function gone(state: Inside, presence: Gone, context: MembershipContext): MembershipStep {
  // ejabberd leaves out 110 when the room is destroyed.
  if (!presence.self && presence.nick !== state.nick) {
    const isFree = state.displaced && isSameNick(presence.nick, context.nick);
    return isFree ? askForNick(state, context) : [state];
  }
  const { why, newNick = state.nick } = presence;
  if (why === "nick-changed") return named(state, newNick, context);
  return removed(state, { ...presence, why }, context);
}

function askForNick(state: Inside, { nick }: MembershipContext): MembershipStep {
  return [state, { do: "send-nick", nick }, WAKE_FOR_NICK];
}

function removed(
  state: Inside,
  { why, by, text, alternate }: Gone & { readonly why: RemovalReason },
  context: MembershipContext,
): MembershipStep {
  const destroyed = why === "destroyed";
  const calm = context.now - state.since >= CALM;
  const removals = calm ? 1 : state.past.removals + 1;
  const { retry, level, meaning } = removal(why);
  return [
    { at: "barred", condition: why, retry, past: { ...state.past, removals, destroyed } },
    wake(retry, removals - 1),
    report(removals >= MANY_REMOVALS ? "error" : level, "room left against our will", {
      why,
      meaning,
      by,
      reason: cut(text),
      alternate,
      times: removals,
    }),
  ];
}

/** An answer to our asking for a nick: a refusal leaves us where we are, unless we are not there. */
function nickRefused(
  state: Inside,
  { condition }: Refused,
  context: MembershipContext,
): MembershipStep {
  // Prosody 0.12 to a presence that is no join, from somebody who is not inside.
  return condition === "item-not-found" ? lost(state, context) : [state];
}

function lost(state: Inside, context: MembershipContext): MembershipStep {
  return [
    ...join(state.past, context),
    report("warn", "room lost without notice", { nick: state.nick }),
  ];
}

function joinRefused(
  state: Joining,
  { nick, condition, text, alternate }: Refused,
  context: MembershipContext,
): MembershipStep {
  // The answer to an earlier try, which we had given up.
  if (nick !== undefined && !isSameNick(nick, state.nick)) return [state];
  if (condition === "conflict" && state.tries < MOST_NICK_TRIES) {
    const next = alternativeNick(context.nick, state.tries);
    return tryNick({ ...state, nick: next, tries: state.tries + 1 });
  }
  const { retry, meaning } = joinRefusal(condition);
  return barred(state.past, { condition, retry, meaning, level: "warn", text, alternate });
}

/** What we take when the nick is taken, for the try after the given number of them: `n_ n__ n2 n3`. */
function alternativeNick(nick: string, tries: number): string {
  return tries < 3 ? nick + "_".repeat(tries) : `${nick}${tries - 1}`;
}

interface Obstacle {
  readonly condition: string;
  readonly retry: Retry;
  readonly meaning: string;
  readonly level: "warn" | "error";
  readonly text?: string | undefined;
  readonly alternate?: string | undefined;
}

function barred(past: Past, obstacle: Obstacle): MembershipStep {
  const { condition, retry, meaning, level, text, alternate } = obstacle;
  const fields = { condition, meaning, text: cut(text), alternate };
  return [
    {
      at: "barred",
      condition,
      retry,
      past: { ...past, refusals: past.refusals + 1, trouble: condition },
    },
    wake(retry, past.refusals),
    ...(past.trouble === condition ? [] : [report(level, "room join refused", fields)]),
  ];
}

function due(state: Online, context: MembershipContext): MembershipStep {
  if (state.at === "joining") return unanswered(state);
  if (state.at === "barred") return join(state.past, context);
  return state.displaced ? askForNick(state, context) : [state];
}

function unanswered(state: Joining): MembershipStep {
  const trouble = "unanswered";
  const past = { ...state.past, refusals: state.past.refusals + 1, trouble };
  const again = tryNick({ ...state, past });
  if (state.past.trouble === trouble) return again;
  return [...again, report("warn", "room join not answered", { nick: state.nick })];
}

function wake(retry: Retry | "unanswered", times: number): MembershipEffect {
  return { do: "wake", ...pauseRange(retry, times) };
}

type Report = Extract<MembershipEffect, { do: "report" }>;

function report(level: Report["level"], event: string, fields: Report["fields"]): MembershipEffect {
  return { do: "report", level, event, fields };
}

/** What other people wrote, as a log takes it. */
function cut(text: string | undefined): string | undefined {
  return text === undefined ? undefined : shorten(text, 200);
}

// Servers normalise a nick before they give it back: with NFKC until RFC 7622, which knows only NFC.
function isSameNick(a: string, b: string): boolean {
  return a === b || a.normalize("NFKC") === b.normalize("NFKC");
}

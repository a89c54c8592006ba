import type { JoinRefusal, JoinRetry } from "./join-refusal.ts";

/** Where we stand with one channel on one session. */
export type Membership =
  /** There is no session. */
  | { readonly at: "outside"; readonly past: Past }
  /** A JOIN is under way; the wake behind it ends the wait for an answer. */
  | { readonly at: "joining"; readonly past: Past }
  | { readonly at: "inside"; readonly since: number; readonly past: Past }
  /** The next JOIN comes with the wake, or sooner with what we wait for. */
  | { readonly at: "waiting"; readonly for: Awaited; readonly past: Past };

/** What may end a wait before its time: an INVITE; a login or an INVITE; or (`return`) nothing. */
type Awaited = "invite" | "login" | "return";

/** What is remembered from one try to the next. */
interface Past {
  /** When the last JOIN went out, in monotonic milliseconds. */
  readonly joinSentAt: number;
  /** JOINs of this session that were refused or not answered, one after another. */
  readonly refusals: number;
  /** Times we were put out of the channel, one soon after another; outlives the session. */
  readonly removals: number;
  /** The trouble that was last reported, so that the same one is not reported again. */
  readonly trouble: string | undefined;
}

/** What happens to a membership. Channels are told apart before: each event is about ours. */
export type MembershipEvent =
  | { readonly type: "online" }
  | { readonly type: "offline" }
  /** The server echoed our own JOIN of this channel: nothing else proves that we are in. */
  | { readonly type: "joined" }
  /** Our own JOIN of a channel that nobody here asked for: a forward that was not announced. */
  | { readonly type: "strayed"; readonly channel: string }
  /** `leave` is the channel that the server forwarded us to instead (470), unless somebody here wants it. */
  | {
      readonly type: "refused";
      readonly refusal: JoinRefusal;
      readonly leave?: string | undefined;
    }
  /** KICK, or a PART that we did not send (REMOVE, SAPART, forced by services). */
  | {
      readonly type: "removed";
      readonly how: "kicked" | "parted" | "not on channel";
      readonly by: string;
      readonly reason: string;
    }
  | { readonly type: "invited" }
  | { readonly type: "logged-in" }
  /** The last wake that was asked for is due. */
  | { readonly type: "due" };

/** What the caller has to carry out, in order. */
export type MembershipEffect =
  | { readonly do: "join" }
  | { readonly do: "part"; readonly channel: string }
  /** Send `due` after a time drawn from this range of milliseconds; replaces the wake before it. */
  | { readonly do: "wake"; readonly min: number; readonly max: number }
  | {
      readonly do: "report";
      readonly level: "info" | "warn" | "error";
      readonly event: string;
      readonly fields: Readonly<Record<string, string | number>>;
    };

export type MembershipStep = readonly [Membership, ...MembershipEffect[]];

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

/** A pause that doubles from `first` to `most` milliseconds while the trouble goes on. */
interface Pause {
  readonly first: number;
  readonly most: number;
}

const UNANSWERED: Pause = { first: 10 * second, most: 5 * minute };
const REMOVED: Pause = { first: 3 * second, most: 10 * minute };

interface AfterRefusal extends Pause {
  readonly for: Awaited;
  /** When we try again, in words for the log. */
  readonly next: string;
}

const AFTER_REFUSAL: Readonly<Record<JoinRetry, AfterRefusal>> = {
  later: { first: 10 * second, most: 5 * minute, for: "invite", next: "with growing pauses" },
  long: { first: 5 * minute, most: hour, for: "invite", next: "seldom, until the ban is lifted" },
  // The channel may also open without an INVITE, and an INVITE may be missed in a netsplit.
  "on-invite": { first: 5 * minute, most: 5 * minute, for: "invite", next: "when invited" },
  "after-login": { first: 10 * second, most: 5 * minute, for: "login", next: "after login" },
  never: {
    first: 15 * minute,
    most: 15 * minute,
    for: "invite",
    next: "seldom, until the configuration changes",
  },
};

/** An INVITE or a login never brings two JOINs closer together than this: anybody may send INVITEs. */
const JOIN_SPACING = 5 * second;
/** Whoever stayed inside as long as this begins with the shortest pause again when put out. */
const CALM = 10 * minute;
/** From here on it is no accident: somebody, or some bot, wants us out. */
const MANY_REMOVALS = 5;

/** Where every membership begins. */
export const OUTSIDE: Membership = {
  at: "outside",
  past: { joinSentAt: 0, refusals: 0, removals: 0, trouble: undefined },
};

/**
 * One step of staying in a channel (RFC 1459 section 4.2.1, RFC 2812 section 3.2.1), at `now` in
 * monotonic milliseconds. While a session lives and we are not inside, a wake is always pending; we
 * are inside only after the echo of our own JOIN.
 */
export function step(state: Membership, event: MembershipEvent, now: number): MembershipStep {
  if (event.type === "online") return join({ ...state.past, refusals: 0 }, now);
  if (event.type === "offline") return [{ at: "outside", past: state.past }];
  if (state.at === "outside") return [state];
  switch (event.type) {
    case "joined":
      return joined(state, now);
    case "strayed":
      return state.at === "joining" ? strayed(state, event.channel) : [state];
    case "refused":
      return refused(state, event);
    case "removed":
      return state.at === "waiting" ? [state] : removed(state, event, now);
    case "invited":
      return state.at === "waiting" && state.for !== "return" ? soon(state, now) : [state];
    case "logged-in":
      return state.at === "waiting" && state.for === "login" ? soon(state, now) : [state];
    case "due":
      break;
  }
  if (state.at === "joining") return unanswered(state.past, now);
  return state.at === "waiting" ? join(state.past, now) : [state];
}

function join(past: Past, now: number): MembershipStep {
  return [
    { at: "joining", past: { ...past, joinSentAt: now } },
    { do: "join" },
    wakeIn(UNANSWERED, past.refusals),
  ];
}

function joined(state: Membership, now: number): MembershipStep {
  if (state.at === "inside") return [state];
  return [
    { at: "inside", since: now, past: { ...state.past, refusals: 0, trouble: undefined } },
    { do: "report", level: "info", event: "channel joined", fields: {} },
  ];
}

// The wake behind the JOIN goes on: nothing has been said yet about the channel that we want.
function strayed(state: Membership, channel: string): MembershipStep {
  return [
    state,
    { do: "part", channel },
    { do: "report", level: "warn", event: "wrong channel left", fields: { wrong: channel } },
  ];
}

function refused(
  state: Membership,
  { refusal, leave }: Extract<MembershipEvent, { type: "refused" }>,
): MembershipStep {
  const part: readonly MembershipEffect[] =
    leave === undefined ? [] : [{ do: "part", channel: leave }];
  if (state.at !== "joining") return [state, ...part];
  const { name, meaning, retry } = refusal;
  const { past } = state;
  const after = AFTER_REFUSAL[retry];
  const report: MembershipEffect = {
    do: "report",
    level: "warn",
    event: "channel join refused",
    fields: { refusal: name, meaning, next: after.next },
  };
  return [
    {
      at: "waiting",
      for: after.for,
      past: { ...past, refusals: past.refusals + 1, trouble: name },
    },
    wakeIn(after, past.refusals),
    ...part,
    ...(past.trouble === name ? [] : [report]),
  ];
}

function unanswered(past: Past, now: number): MembershipStep {
  const trouble = "unanswered";
  const again = join({ ...past, refusals: past.refusals + 1, trouble }, now);
  if (past.trouble === trouble) return again;
  return [
    ...again,
    { do: "report", level: "warn", event: "channel join not answered", fields: {} },
  ];
}

function removed(
  state: Membership,
  { how, by, reason }: Extract<MembershipEvent, { type: "removed" }>,
  now: number,
): MembershipStep {
  const calm = state.at === "inside" && now - state.since >= CALM;
  const removals = calm ? 1 : state.past.removals + 1;
  return [
    { at: "waiting", for: "return", past: { ...state.past, removals } },
    wakeIn(REMOVED, removals - 1),
    {
      do: "report",
      level: removals >= MANY_REMOVALS ? "error" : "warn",
      event: "channel left against our will",
      fields: { how, by, reason, times: removals },
    },
  ];
}

/** Joins at once, or as soon as the last JOIN is old enough. */
function soon(state: Extract<Membership, { at: "waiting" }>, now: number): MembershipStep {
  const left = state.past.joinSentAt + JOIN_SPACING - now;
  if (left <= 0) return join(state.past, now);
  return [state, { do: "wake", min: left, max: left }];
}

/** Never shorter than the pause, and up to a quarter longer, so that bots of one channel part ways. */
function wakeIn({ first, most }: Pause, times: number): MembershipEffect {
  const min = Math.min(most, first * 2 ** Math.min(times, 30));
  return { do: "wake", min, max: min * 1.25 };
}

/** Where we stand with the nick that we want, on one session. */
export type NickKeeping =
  | { readonly at: "kept"; readonly since: number; readonly losses: number }
  | {
      readonly at: "lost";
      /** Times it was taken from us, one soon after another. */
      readonly losses: number;
      /** Tries since then that were refused. */
      readonly refusals: number;
      /** No try before this time, in monotonic milliseconds. */
      readonly notBefore: number;
      /** The nick was seen to be free: the next wake is for a try. */
      readonly free: boolean;
    }
  /** The server will never let us have it. */
  | { readonly at: "given-up" };

export type NickEvent =
  /** What our nick is now: the wanted one, or another. */
  | { readonly type: "nick"; readonly isWanted: boolean }
  /** Nobody has the wanted nick: its holder left or took another, or the server said so. */
  | { readonly type: "free" }
  /** Our NICK was refused with this numeric. */
  | { readonly type: "refused"; readonly numeric: string }
  /** The last wake that was asked for is due. */
  | { readonly type: "due" };

export type NickEffect =
  /** Send NICK with the wanted nick. */
  | { readonly do: "try" }
  /** Ask the server whether anybody has the nick (ISON). */
  | { readonly do: "ask" }
  /** Have the server tell when the nick comes and goes, where it can (MONITOR), or no longer. */
  | { readonly do: "watch" }
  | { readonly do: "unwatch" }
  /** Send `due` after so many milliseconds; replaces the wake before it. */
  | { readonly do: "wake"; readonly ms: number }
  | {
      readonly do: "report";
      readonly level: "info" | "warn" | "error";
      readonly event: string;
      readonly fields: Readonly<Record<string, string | number>>;
    };

export type NickStep = readonly [NickKeeping, ...NickEffect[]];

type Lost = Extract<NickKeeping, { at: "lost" }>;

const second = 1_000;
const minute = 60 * second;

/** Servers punish nick changes that follow one another faster (438). */
const TRY_SPACING = 10 * second;
const LONGEST_PAUSE = 10 * minute;
/** How often the server is asked, to begin with: a departure may go unseen, and a lock runs out (437). */
const ASK_SPACING = minute;
/** Whoever kept the nick as long as this tries soon again when it is lost. */
const CALM = 10 * minute;

/** How every session begins: registration may have ended with another nick. */
export function beginNickKeeping(isWanted: boolean, now: number): NickStep {
  if (isWanted) return [{ at: "kept", since: now, losses: 0 }];
  return [
    { at: "lost", losses: 0, refusals: 0, notBefore: now, free: false },
    { do: "report", level: "warn", event: "nick taken", fields: {} },
    { do: "watch" },
    { do: "ask" },
    { do: "wake", ms: ASK_SPACING },
  ];
}

/**
 * One step of keeping the nick, at `now` in monotonic milliseconds. While it is lost a wake is always
 * pending, and two tries are never less than ten seconds apart. Who takes it from us again and again
 * (services, usually) makes us wait twice as long each time.
 */
export function step(state: NickKeeping, event: NickEvent, now: number): NickStep {
  if (event.type === "nick") return event.isWanted ? regained(state, now) : lost(state, now);
  if (state.at !== "lost") return [state];
  switch (event.type) {
    case "free":
      return now >= state.notBefore ? tryIt(state, now) : tryLater(state, now);
    case "refused":
      return refused(state, event.numeric);
    case "due":
      break;
  }
  if (state.free) return tryIt(state, now);
  return [state, { do: "ask" }, { do: "wake", ms: askPause(state) }];
}

function regained(state: NickKeeping, now: number): NickStep {
  if (state.at === "kept") return [state];
  const losses = state.at === "lost" ? state.losses : 0;
  return [
    { at: "kept", since: now, losses },
    { do: "unwatch" },
    { do: "report", level: "info", event: "nick regained", fields: {} },
  ];
}

function lost(state: NickKeeping, now: number): NickStep {
  if (state.at !== "kept") return [state];
  const losses = now - state.since >= CALM ? 1 : state.losses + 1;
  const pause = doubled(TRY_SPACING, losses - 1);
  return [
    { at: "lost", losses, refusals: 0, notBefore: now + pause, free: false },
    { do: "report", level: "warn", event: "nick lost", fields: { times: losses } },
    { do: "watch" },
    { do: "wake", ms: pause },
  ];
}

function tryIt(state: Lost, now: number): NickStep {
  return [
    { ...state, notBefore: now + TRY_SPACING, free: false },
    { do: "try" },
    { do: "wake", ms: askPause(state) },
  ];
}

function tryLater(state: Lost, now: number): NickStep {
  return [
    { ...state, free: true },
    { do: "wake", ms: state.notBefore - now },
  ];
}

function refused(state: Lost, numeric: string): NickStep {
  // ERR_ERRONEUSNICKNAME: no waiting makes it a nick.
  if (numeric === "432") {
    const fields = { numeric, next: "when the configuration changes" };
    return [
      { at: "given-up" },
      { do: "unwatch" },
      { do: "report", level: "error", event: "nick not valid", fields },
    ];
  }
  const again = { ...state, refusals: state.refusals + 1 };
  const wake: NickEffect = { do: "wake", ms: state.free ? TRY_SPACING : askPause(again) };
  if (state.refusals > 0) return [again, wake];
  return [
    again,
    wake,
    { do: "report", level: "info", event: "nick not regained yet", fields: { numeric } },
  ];
}

function askPause({ refusals }: Lost): number {
  return doubled(ASK_SPACING, refusals);
}

function doubled(first: number, times: number): number {
  return Math.min(LONGEST_PAUSE, first * 2 ** Math.min(times, 30));
}

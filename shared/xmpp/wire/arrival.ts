import type { Shown } from "./missed.ts";

/**
 * How far we are between coming into a room and being able to speak in it. What is said meanwhile waits,
 * so that what we missed is heard before it.
 */
export type Arrival =
  | { readonly at: "outside" }
  /**
   * The room shows who is there and what was said before us, and last its subject (XEP-0045 section
   * 7.2). `endsAt`: when that is over whatever comes, in monotonic milliseconds.
   */
  | { readonly at: "greeting"; readonly source: Source; readonly endsAt: number }
  /** The room's archive tells what we missed. */
  | { readonly at: "reading" }
  | { readonly at: "staying" };

/** What has been told of what we missed. */
export type Extent = Pick<Shown, "isAfterCursor" | "isWhole">;

/** Where we learn what we missed: from what a room shows in its greeting, or from its archive. */
type Source = "history" | "archive";

export type ArrivalEvent =
  | { readonly type: "inside"; readonly source: Source }
  /** The room has shown something that was said before us. */
  | { readonly type: "shown" }
  | { readonly type: "subject" }
  /** The last wake that was asked for is due. */
  | { readonly type: "due" }
  /** The archive has told all that it will. */
  | { readonly type: "read"; readonly extent: Extent }
  /** The archive does not answer, or refuses. */
  | { readonly type: "unreadable" }
  | { readonly type: "outside" };

/** What the caller has to carry out. */
export type ArrivalEffect =
  /** Send `due` after so many milliseconds; replaces the wake before it. */
  | { readonly do: "wake"; readonly after: number }
  | { readonly do: "read-archive" }
  | { readonly do: "begin-stay"; readonly extent: Extent }
  /** Come in once more, and let the room's history tell what we missed. */
  | { readonly do: "join-for-history" };

export type ArrivalStep = readonly [Arrival, ...ArrivalEffect[]];

/** How long a room may be silent in its greeting, without the subject that ends it. */
const GREETING = 5_000;

/** No greeting takes longer: anybody can keep one going where the server passes on forged stamps. */
const LONGEST_GREETING = 60_000;

/** Where every arrival begins. */
export const OUTSIDE: Arrival = { at: "outside" };

/** One step of arriving. `now`: monotonic milliseconds. */
export function step(state: Arrival, event: ArrivalEvent, now: number): ArrivalStep {
  if (event.type === "outside") return [OUTSIDE];
  if (event.type === "inside") {
    const { source } = event;
    return greeted({ at: "greeting", source, endsAt: now + LONGEST_GREETING }, now);
  }
  if (state.at === "greeting") return stepGreeting(state, event.type, now);
  if (state.at !== "reading") return [state];
  if (event.type === "read") return staying(event.extent);
  return event.type === "unreadable" ? [OUTSIDE, { do: "join-for-history" }] : [state];
}

type Greeting = Extract<Arrival, { at: "greeting" }>;

function stepGreeting(state: Greeting, event: ArrivalEvent["type"], now: number): ArrivalStep {
  if (event === "shown") return greeted(state, now);
  if (event !== "subject" && event !== "due") return [state];
  return state.source === "archive"
    ? [{ at: "reading" }, { do: "read-archive" }]
    : staying(FROM_HISTORY);
}

function greeted(state: Greeting, now: number): ArrivalStep {
  return [state, { do: "wake", after: Math.max(0, Math.min(GREETING, state.endsAt - now)) }];
}

/** A greeting shows what it likes, up to now. */
const FROM_HISTORY: Extent = { isAfterCursor: false, isWhole: true };

function staying(extent: Extent): ArrivalStep {
  return [{ at: "staying" }, { do: "begin-stay", extent }];
}

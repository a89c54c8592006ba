import type { Clock } from "../clock.ts";
import type { Logger } from "../observe/logger.ts";
import type { Entry, Outbox } from "./outbox.ts";

/**
 * What became of one attempt to say an entry.
 * - `delivered`: the far side confirmed it.
 * - `uncertain`: it was written, and the connection ended before anybody could tell.
 * - `unsent`: the connection ended before it was written.
 * - `later`: the far side asked to wait.
 * - `refused`: the far side will not have it, now or ever.
 */
export type Fate = "delivered" | "uncertain" | "unsent" | "later" | Refused;

interface Refused {
  readonly refused: string;
}

/** How an entry ended: as the last attempt did, or `expired`, because there was none in time. */
export type LastFate = "delivered" | "uncertain" | "expired" | Refused;

/** A time during which things can be said in a place. */
export interface Stay {
  /** Aborts when nothing can be said any more. */
  readonly over: AbortSignal;
}

/** Where entries are said: a room, a channel. */
export interface Place<T> {
  /** Resolves when things can be said; with undefined when the signal aborted before. */
  stay(signal: AbortSignal): Promise<Stay | undefined>;
  /**
   * Says an entry and resolves with its fate; is never pending for longer than the stay. Entries are
   * said in the order of the calls. Calls `written` at the moment when it hands the entry's bytes to the
   * session, before any of them can leave the process: from then on the entry may have been heard. One
   * that makes it throw or reject is refused as a `bug`.
   */
  say(entry: Entry<T>, written: () => void): Promise<Fate>;
}

export interface DrainOptions<T> {
  readonly outbox: Outbox<T>;
  readonly place: Place<T>;
  /** How many entries may be on their way unconfirmed. */
  readonly window: number;
  /**
   * What to do with an entry that may have been heard:
   * - `say-again`: for a place that knows by the entry's id what it has heard already.
   * - `let-go`: for a place without a memory, where it might be heard twice.
   */
  readonly whenUncertain: "say-again" | "let-go";
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Told of each entry that is settled. */
  readonly onSettled?: (entry: Entry<T>, fate: LastFate) => void;
}

/** How long the far side gets when it asks to wait, in milliseconds; doubles while it goes on asking. */
const SHORTEST_PAUSE = 1_000;
const LONGEST_PAUSE = 30_000;

/** What ends a stay does so within this time, in milliseconds. */
const SOON = 5_000;

/**
 * Says every entry of the outbox in order and settles it when it is confirmed, until the signal
 * aborts. What is uncertain at the end of a stay is said again in the next one, before all that came
 * after it; or it is let go, where it might be heard twice, and so is what an earlier run said without
 * learning more. What is uncertain when the signal aborts is left for the next start, as by a crash.
 *
 * After the far side has asked to wait, entries are said one by one until one is delivered: of many at
 * once some may be let in before those that were not. What was on its way with the one that has to wait
 * may overtake it.
 *
 * The oldest entry on its way when a stay ended, said soon before, is a suspect: it is said alone in the next
 * stay. When that ends soon after, too, it is refused as `poison`: a text for which a server closes the
 * stream must not keep all that comes after it from being said.
 */
export async function drain<T>(options: DrainOptions<T>): Promise<void> {
  const { outbox, place, clock, signal, whenUncertain, onSettled } = options;
  outbox.onExpired((entry) => onSettled?.(entry, "expired"));
  if (whenUncertain === "let-go") {
    for (const entry of outbox.doubtful) letGo(options, entry, "uncertain");
  }
  let pauses = 0;
  let suspect: Entry<T> | undefined;
  while (!signal.aborted) {
    const stay = await place.stay(signal);
    if (stay === undefined) return;
    const wanted = AbortSignal.any([stay.over, signal]);
    const outcome = await drainStay(options, wanted, { isCautious: pauses > 0, suspect });
    const { hasDelivered, mustWait, oldest } = outcome;
    if (hasDelivered) pauses = 0;
    if (oldest !== undefined && !signal.aborted) {
      const wasSoon = clock.now() - oldest.saidAt <= SOON;
      if (wasSoon && oldest.entry.seq === suspect?.seq) {
        letGo(options, oldest.entry, { refused: "poison" });
      }
      suspect = wasSoon ? oldest.entry : undefined;
    }
    if (mustWait) {
      const pause = Math.min(LONGEST_PAUSE, SHORTEST_PAUSE * 2 ** pauses);
      pauses += 1;
      await clock.sleep(pause, wanted);
    }
  }
}

/** Why not all may be said at once. */
interface Doubts<T> {
  /** The far side has asked to wait: until something is delivered. */
  readonly isCautious: boolean;
  /** It may have ended the last stay: until its fate is known. */
  readonly suspect: Entry<T> | undefined;
}

/** What one stay brought. */
interface StayOutcome<T> {
  /** Something was delivered, and before the far side asked to wait. */
  readonly hasDelivered: boolean;
  readonly mustWait: boolean;
  /** The oldest of those that were on their way when the stay ended, and are not let go. */
  readonly oldest: Attempt<T> | undefined;
}

/** An entry on its way. */
interface Attempt<T> {
  readonly entry: Entry<T>;
  readonly saidAt: number;
}

/** Ends when the stay is over, or as soon as nothing is on its way after something has to wait. */
function drainStay<T>(
  options: DrainOptions<T>,
  over: AbortSignal,
  { isCautious, suspect }: Doubts<T>,
): Promise<StayOutcome<T>> {
  const { outbox, place, clock, log, signal, whenUncertain } = options;
  return new Promise((resolve) => {
    let window = isCautious || suspect !== undefined ? 1 : options.window;
    let lastSaid = 0;
    let underway = 0;
    let isSaying = false;
    let mustWait = false;
    let hasDelivered = false;
    let oldest: Attempt<T> | undefined;

    const finish = () => {
      if (underway > 0) return;
      outbox.onChange(undefined);
      over.removeEventListener("abort", finish);
      resolve({ hasDelivered, mustWait, oldest });
    };
    const keep = (attempt: Attempt<T>, fate: "uncertain" | "unsent" | "later") => {
      const { entry } = attempt;
      if (fate !== "uncertain") outbox.unsaid(entry);
      // What was never written cannot have ended anything.
      else if (oldest === undefined || entry.seq < oldest.entry.seq) oldest = attempt;
      // While the stay goes on nothing new may overtake what is kept.
      if (fate === "later" || !over.aborted) mustWait = true;
    };
    const settle = (attempt: Attempt<T>, fate: Fate) => {
      const { entry } = attempt;
      underway -= 1;
      if (isLast(fate) || (fate === "uncertain" && whenUncertain === "let-go" && !signal.aborted)) {
        letGo(options, entry, fate);
      } else keep(attempt, fate);
      if (fate === "delivered" && !mustWait) {
        hasDelivered = true;
        if (suspect === undefined || entry.seq >= suspect.seq) window = options.window;
      }
      if (over.aborted || mustWait) finish();
      else pump();
    };
    const giveUp = (attempt: Attempt<T>, error: unknown) => {
      log.error("message cannot be said", { id: attempt.entry.id, error });
      settle(attempt, { refused: "bug" });
    };
    const pump = () => {
      // Whoever calls from within the loop finds it going on.
      if (isSaying || mustWait) return;
      isSaying = true;
      while (!over.aborted && underway < window) {
        const entry = outbox.giveNext(lastSaid);
        if (entry === undefined) break;
        lastSaid = entry.seq;
        underway += 1;
        const attempt = { entry, saidAt: clock.now() };
        void say(place, entry, () => outbox.said(entry)).then(
          (fate) => settle(attempt, fate),
          (error: unknown) => giveUp(attempt, error),
        );
      }
      isSaying = false;
    };

    over.addEventListener("abort", finish);
    outbox.onChange(pump);
    if (over.aborted) finish();
    else pump();
  });
}

function isLast(fate: Fate): fate is "delivered" | Refused {
  return fate === "delivered" || typeof fate === "object";
}

/** What the place throws, it rejects with: entries are settled one after another, never one in another. */
function say<T>(place: Place<T>, entry: Entry<T>, written: () => void): Promise<Fate> {
  try {
    return place.say(entry, written);
  } catch (error) {
    return Promise.reject(error);
  }
}

/** Nothing more will become of it. */
function letGo<T>(
  { outbox, log, onSettled }: DrainOptions<T>,
  entry: Entry<T>,
  fate: Exclude<LastFate, "expired">,
): void {
  outbox.settle(entry, typeof fate === "object" ? `refused: ${fate.refused}` : fate);
  if (typeof fate === "object") log.warn("message refused", { id: entry.id, why: fate.refused });
  else if (fate === "uncertain") log.warn("message uncertain", { id: entry.id });
  onSettled?.(entry, fate);
}

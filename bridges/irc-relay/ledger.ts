import type { Gap } from "../../shared/gap.ts";

/** A time of which something has to be told, in milliseconds since 1970. */
interface Span {
  readonly since: number;
  readonly until: number;
}

/** A time in which we could not speak here, with what came of it. */
interface Mute extends Span {
  readonly late: number;
  readonly uncertain: number;
}

/** What the other side would not have of what was said here. */
interface Refusals extends Span {
  readonly count: number;
  readonly codes: readonly string[];
}

/** What the people of one place have to be told, and were not yet. */
export interface Ledger {
  readonly mute?: Mute;
  readonly deaf?: Gap;
  readonly outOfReach?: { readonly since: number };
  readonly refused?: Refusals;
}

/** Shorter absences that lost nothing are no news, in milliseconds. */
const LONG = 30_000;

/** More reasons than these would not fit into a line. */
const MOST_CODES = 3;

/** One more thing to be told. Spans that follow each other become one. */
export type LedgerChange = (ledger: Ledger) => Ledger;

/** We could not speak here for so long. */
export function wasMute(span: Span): LedgerChange {
  return (ledger) => merged(ledger, { mute: { ...span, late: 0, uncertain: 0 } });
}

/** A message taken then was said here: late, if we could not speak then. */
export function wasSaid(at: number): LedgerChange {
  return (ledger) => {
    const { mute } = ledger;
    if (mute === undefined || at > mute.until) return ledger;
    return { ...ledger, mute: { ...mute, late: mute.late + 1 } };
  };
}

/** A message taken then may not have been heard here. */
export function mayBeUnheard(at: number): LedgerChange {
  return (ledger) => merged(ledger, { mute: { ...moment(at), late: 0, uncertain: 1 } });
}

/** We could not hear the other side for so long. */
export function wasDeaf(gap: Gap): LedgerChange {
  return ({ outOfReach: _overNow, ...ledger }) => merged(ledger, { deaf: gap });
}

/** The other side has not been reached since then. */
export function isOutOfReach(since: number): LedgerChange {
  return (ledger) => ({ ...ledger, outOfReach: { since } });
}

/** The other side will not have a message that was said here then. */
export function wasRefused(at: number, code: string): LedgerChange {
  return (ledger) => merged(ledger, { refused: { ...moment(at), count: 1, codes: [code] } });
}

/**
 * The line that told of this was lost. That something is out of reach is no news any more then: once it is
 * back, that is told.
 */
export function wasNotTold({ outOfReach: _was, ...told }: Ledger): LedgerChange {
  return (ledger) => merged(told, ledger);
}

/** What is told in a line each. */
export function partsOf({ mute, deaf, outOfReach, refused }: Ledger): readonly Ledger[] {
  return [
    ...(outOfReach === undefined ? [] : [{ outOfReach }]),
    ...(mute === undefined ? [] : [{ mute }]),
    ...(deaf === undefined ? [] : [{ deaf }]),
    ...(refused === undefined ? [] : [{ refused }]),
  ];
}

/** Up to when the ledger reaches: who was behind with its messages has to be through with those first. */
export function reachesTo({ mute, deaf }: Ledger): number {
  return Math.max(mute?.until ?? 0, deaf?.until ?? 0);
}

/** The ledger as lines for the people of its place; `there` is the other side, as they call it. None is no news. */
export function linesOf(ledger: Ledger, there: string): readonly string[] {
  const { mute, deaf, outOfReach, refused } = ledger;
  const lines = [
    outOfReach &&
      `Cannot reach ${there} since ${utc(outOfReach.since)} UTC: what is said here waits`,
    mute &&
      entry(`Away from here ${period(mute)}`, [
        isLong(mute) && mute.late > 0 && `${messages(mute.late)} said late`,
        mute.uncertain > 0 && `${messages(mute.uncertain)} may not have been heard`,
        mute.uncertain > 0 && wasSetBack(mute) && SET_BACK,
      ]),
    deaf &&
      entry(`Away from ${there} ${period(deaf)}`, [
        isLong(deaf) && deaf.missed > 0 && `${messages(deaf.missed)} from there said late`,
        deaf.leftOut > 0 && `${messages(deaf.leftOut)} from there left out`,
        !deaf.isComplete && "what was said there meanwhile may be missing here",
        !deaf.isComplete && wasSetBack(deaf) && SET_BACK,
      ]),
    refused &&
      `${messages(refused.count)} refused in ${there} ${period(refused)}: ${refused.codes.join(", ")}`,
  ];
  return lines.filter((line) => line !== undefined);
}

const SET_BACK = "and the clock was set back";

/** Times are given outward to whole seconds, so that they enclose what they are about. */
function period({ since, until }: Span): string {
  return `from ${utc(since)} to ${endOf(since, until)} UTC`;
}

function endOf(since: number, until: number): string {
  const end = utc(Math.ceil(until / SECOND) * SECOND);
  return utc(since).slice(0, DATE) === end.slice(0, DATE) ? end.slice(DATE + 1) : end;
}

const SECOND = 1_000;
/** Length of `2026-01-31`. */
const DATE = 10;

function utc(at: number): string {
  return new Date(at).toISOString().slice(0, 19).replace("T", " ");
}

function entry(head: string, parts: readonly (string | false)[]): string | undefined {
  const told = parts.filter((part) => part !== false);
  return told.length === 0 ? undefined : `${head}: ${told.join(", ")}`;
}

function messages(count: number): string {
  return count === 1 ? "1 message" : `${count} messages`;
}

/** The clock was, between the two times. */
function wasSetBack({ since, until }: Span): boolean {
  return until < since;
}

function isLong({ since, until }: Span): boolean {
  return until - since >= LONG;
}

function merged(earlier: Ledger, later: Ledger): Ledger {
  return {
    ...earlier,
    ...later,
    ...(earlier.mute && later.mute && { mute: joinMutes(earlier.mute, later.mute) }),
    ...(earlier.deaf && later.deaf && { deaf: joinGaps(earlier.deaf, later.deaf) }),
    ...(earlier.refused &&
      later.refused && { refused: joinRefusals(earlier.refused, later.refused) }),
  };
}

function joinMutes(earlier: Mute, later: Mute): Mute {
  return {
    ...joined(earlier, later),
    late: earlier.late + later.late,
    uncertain: earlier.uncertain + later.uncertain,
  };
}

function joinGaps(earlier: Gap, later: Gap): Gap {
  return {
    ...joined(earlier, later),
    missed: earlier.missed + later.missed,
    leftOut: earlier.leftOut + later.leftOut,
    isComplete: earlier.isComplete && later.isComplete,
  };
}

function joinRefusals(earlier: Refusals, later: Refusals): Refusals {
  return {
    ...joined(earlier, later),
    count: earlier.count + later.count,
    codes: [...new Set([...earlier.codes, ...later.codes])].slice(0, MOST_CODES),
  };
}

function joined(earlier: Span, later: Span): Span {
  // By a clock that was set back no time is known to be the earlier one: what was told first, began first.
  if (wasSetBack(earlier) || wasSetBack(later)) return { since: earlier.since, until: later.until };
  return {
    since: Math.min(earlier.since, later.since),
    until: Math.max(earlier.until, later.until),
  };
}

function moment(at: number): Span {
  return { since: at, until: at };
}

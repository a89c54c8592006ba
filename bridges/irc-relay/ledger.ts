import type { Gap } from "../../shared/gap.ts";

/** A time of which something has to be told, in milliseconds since 1970. */
interface Span {
  readonly since: number;
  readonly until: number;
}

/** What the people of one place have to be told, and were not yet. */
export interface Ledger {
  readonly mute?: Span & { readonly late: number; readonly uncertain: number };
  readonly deaf?: Gap;
  readonly outOfReach?: { readonly since: number };
  readonly refused?: Span & { readonly count: number; readonly codes: readonly string[] };
}

/** Shorter absences that lost nothing are no news, in milliseconds. */
const LONG = 30_000;

/** More reasons than these would not fit into a line. */
const MOST_CODES = 3;

/** One more thing to be told. Spans that follow each other become one. */
export type LedgerChange = (ledger: Ledger) => Ledger;

/** We could not speak here for so long. */
export function wasMute(span: Span): LedgerChange {
  return (ledger) => withMute(ledger, span, { late: 0, uncertain: 0 });
}

/** A message taken then was said here: late, if we could not speak then. */
export function wasSaid(at: number): LedgerChange {
  return (ledger) => {
    const { mute } = ledger;
    if (mute === undefined || at > mute.until) return ledger;
    return withMute(ledger, mute, { late: 1, uncertain: 0 });
  };
}

/** A message taken then may not have been heard here. */
export function mayBeUnheard(at: number): LedgerChange {
  return (ledger) => withMute(ledger, moment(at), { late: 0, uncertain: 1 });
}

/** We could not hear the other side for so long. */
export function wasDeaf(gap: Gap): LedgerChange {
  return ({ outOfReach: _overNow, ...ledger }) => ({
    ...ledger,
    deaf: {
      ...joined(ledger.deaf, gap),
      missed: (ledger.deaf?.missed ?? 0) + gap.missed,
      leftOut: (ledger.deaf?.leftOut ?? 0) + gap.leftOut,
      isComplete: (ledger.deaf?.isComplete ?? true) && gap.isComplete,
    },
  });
}

/** The other side has not been reached since then. */
export function isOutOfReach(since: number): LedgerChange {
  return (ledger) => ({ ...ledger, outOfReach: { since } });
}

/** The other side will not have a message that was said here then. */
export function wasRefused(at: number, code: string): LedgerChange {
  return (ledger) => {
    const { count = 0, codes = [] } = ledger.refused ?? {};
    return {
      ...ledger,
      refused: {
        ...joined(ledger.refused, moment(at)),
        count: count + 1,
        codes: [...new Set([...codes, code])].slice(0, MOST_CODES),
      },
    };
  };
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

function withMute(
  ledger: Ledger,
  span: Span,
  more: { readonly late: number; readonly uncertain: number },
): Ledger {
  const { late = 0, uncertain = 0 } = ledger.mute ?? {};
  const counts = { late: late + more.late, uncertain: uncertain + more.uncertain };
  return { ...ledger, mute: { ...joined(ledger.mute, span), ...counts } };
}

function joined(known: Span | undefined, { since, until }: Span): Span {
  if (known === undefined) return { since, until };
  // By a clock that was set back no time is known to be the earlier one: what was told first, began first.
  if (wasSetBack(known) || wasSetBack({ since, until })) return { since: known.since, until };
  return { since: Math.min(known.since, since), until: Math.max(known.until, until) };
}

function moment(at: number): Span {
  return { since: at, until: at };
}

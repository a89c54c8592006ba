import { Chance, itemAt } from "./chance.ts";
import { type KindName, kindNames, kindOf, type Subject } from "./kinds.ts";

/** One fault of a run. */
export interface Fault {
  readonly kind: KindName;
  /** When it begins, in milliseconds since the beginning of the run. */
  readonly at: number;
  /** When it is repaired, on the same scale. */
  readonly until: number;
  /** From 0 to 1: what the kind leaves open, such as the direction of a half hole. */
  readonly draw: number;
}

export interface ScheduleOptions {
  readonly seed: number;
  /** Length of the run in milliseconds. */
  readonly length: number;
  readonly kinds: readonly KindName[];
}

/** No more faults than these at a time. */
const LANES = 2;
/** Between two faults of a lane everything may be well: milliseconds. */
const PAUSE = { shortest: 2_000, longest: 15_000 } as const;
/** What was repaired has so long to work again, in milliseconds. */
const REPAIR = 2_000;
/** No fault takes a larger part of the run than this. */
const LARGEST_PART = 1 / 4;

/**
 * The faults of a run in the order of their beginnings: the same for the same options. At most two at a
 * time, never two with the same thing in hand, and none from which the program may recover only after
 * the run.
 */
export function schedule({ seed, length, kinds }: ScheduleOptions): readonly Fault[] {
  const chance = new Chance(seed);
  const faults: Fault[] = [];
  const free = Array.from({ length: LANES }, () => 0);
  for (;;) {
    const soonest = Math.min(...free);
    const at = Math.round(soonest + chance.between(PAUSE.shortest, longestPause(length)));
    const [part, choice, draw] = [chance.next(), chance.next(), chance.next()];
    if (at >= length) return faults.toSorted((a, b) => a.at - b.at);
    const near = faults.filter((fault) => fault.until + LONGEST_HOLD >= at);
    const possible = kinds
      .map((kind) => ({ kind, at, until: endOf(kind, { at, length, part }), draw }))
      .filter((fault) => endsInTime(fault, length) && near.every((other) => agree(fault, other)));
    const fault = itemAt(possible, choice);
    if (fault !== undefined) faults.push(fault);
    free[free.indexOf(soonest)] = fault?.until ?? at;
  }
}

const LONGEST_HOLD =
  REPAIR + Math.max(...kindNames.flatMap((name) => Object.values(kindOf(name).holds)));

function longestPause(length: number): number {
  return Math.max(PAUSE.shortest, Math.min(PAUSE.longest, length / 12));
}

function endOf(
  kind: KindName,
  { at, length, part }: { readonly at: number; readonly length: number; readonly part: number },
): number {
  const [shortest, longest] = kindOf(kind).lasts;
  const most = Math.max(shortest, Math.min(longest, length * LARGEST_PART));
  return Math.round(at + shortest + part * (most - shortest));
}

function endsInTime({ kind, until }: Fault, length: number): boolean {
  return until + (kindOf(kind).recovery ?? 0) <= length;
}

/** Whether two faults have nothing in hand at the same time. */
function agree(one: Fault, other: Fault): boolean {
  return Object.keys(kindOf(one.kind).holds).every((subject) => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a key of `holds`
    const [mine, theirs] = [one, other].map((fault) => heldIn(fault, subject as Subject));
    if (mine === undefined || theirs === undefined) return true;
    return mine.until + REPAIR < theirs.at || theirs.until + REPAIR < mine.at;
  });
}

function heldIn({ kind, at, until }: Fault, subject: Subject) {
  const after = kindOf(kind).holds[subject];
  return after === undefined ? undefined : { at, until: until + after };
}

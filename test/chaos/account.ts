import type { Declaration } from "./declared.ts";
import type { Numbered, Tag } from "./numbers.ts";

/** A number at a moment, in milliseconds since 1970. */
export interface NumberAt extends Numbered {
  readonly at: number;
}

/** A number that was said, or may have been: the server that was told may have died before it heard. */
export interface Said extends NumberAt {
  readonly isSure: boolean;
}

/** A span of time in milliseconds since 1970. */
export interface Span {
  readonly since: number;
  readonly until: number;
}

/** What went one way, from where it was said to where it should be heard. */
export interface Flow {
  readonly name: string;
  /** What the program's queue for it is called, or begins with. */
  readonly queue: string;
  /** In the order in which it was said. */
  readonly said: readonly Said[];
  /** In the order in which it was heard. */
  readonly heard: readonly NumberAt[];
  /** What came back to where it was said. */
  readonly echoed: readonly NumberAt[];
  readonly declared: readonly Declaration[];
  /** When nobody was there to hear it. */
  readonly deaf: readonly Span[];
  /** When something was wrong. */
  readonly faults: readonly Span[];
}

/** What became of a number that should not have. */
export interface Offence extends Numbered {
  readonly what: "doubled" | "reordered" | "undeclared lost" | "not on record";
  /** In milliseconds since 1970; undefined where nobody is known to have said it. */
  readonly saidAt: number | undefined;
  /** In milliseconds since 1970; empty when it was lost. */
  readonly heardAt: readonly number[];
}

/** A number that was lost, and the line that says so. */
export interface DeclaredLost extends Said {
  readonly line: Declaration;
}

/** What became of a flow. */
export interface Account extends Pick<Flow, "name" | "queue"> {
  readonly sent: number;
  /** How many of those were heard. */
  readonly heard: number;
  readonly declaredLost: readonly DeclaredLost[];
  /** Said while nobody was there to hear it. */
  readonly unobservable: number;
  readonly offences: readonly Offence[];
  /** Longest time from being said to being heard, and how much of it at a stretch nothing was wrong. */
  readonly longestWait: number;
  readonly longestBlind: number;
}

/** Accounts for every number of a flow. */
export function accountFor(flow: Flow): Account {
  const { name, queue, said, heard, echoed, declared, deaf, faults } = flow;
  const hearings = groupByKey([...heard, ...echoed]);
  const sent = said.filter((one) => one.isSure);
  const unheard = sent.filter((one) => !hearings.has(keyOf(one)));
  const unobservable = unheard.filter(({ at }) => deaf.some((span) => encloses(span, at)));
  const lost = unheard.filter((one) => !unobservable.includes(one));
  const { declaredLost, undeclaredLost } = matchWith(declared, lost);
  const waits = said.flatMap((one) => {
    const [first] = hearings.get(keyOf(one)) ?? [];
    return first === undefined ? [] : [{ since: one.at, until: first.at }];
  });
  const saidAt = new Map(said.map((one) => [keyOf(one), one.at]));
  const offence = (what: Offence["what"]) => (one: NumberAt) => ({
    what,
    tag: one.tag,
    number: one.number,
    saidAt: saidAt.get(keyOf(one)),
    heardAt: (hearings.get(keyOf(one)) ?? []).map(({ at }) => at),
  });
  return {
    name,
    queue,
    sent: sent.length,
    heard: sent.length - unheard.length,
    declaredLost,
    unobservable: unobservable.length,
    offences: [
      ...[...hearings.values()].flatMap((times) => times.slice(1)).map(offence("doubled")),
      ...echoed.filter((one) => hearings.get(keyOf(one))?.[0] === one).map(offence("doubled")),
      ...outOfOrder(heard).map(offence("reordered")),
      ...undeclaredLost.map(offence("undeclared lost")),
    ],
    longestWait: longest(waits.map(lengthOf)),
    longestBlind: longest(waits.map((wait) => longestWithout(faults, wait))),
  };
}

/** The longest stretch of a span that none of the others touches, in milliseconds. */
export function longestWithout(others: readonly Span[], { since, until }: Span): number {
  let most = 0;
  let from = since;
  for (const other of others.toSorted((a, b) => a.since - b.since)) {
    most = Math.max(most, Math.min(other.since, until) - from);
    from = Math.max(from, other.until);
  }
  return Math.max(most, until - from);
}

function groupByKey(numbers: readonly NumberAt[]): ReadonlyMap<string, readonly NumberAt[]> {
  const groups = new Map<string, NumberAt[]>();
  for (const one of numbers) {
    const group = groups.get(keyOf(one));
    if (group === undefined) groups.set(keyOf(one), [one]);
    else group.push(one);
  }
  return groups;
}

/** What was heard behind a later number of the same speaker, but for what had been heard before. */
function outOfOrder(heard: readonly NumberAt[]): readonly NumberAt[] {
  const latest = new Map<Tag, number>();
  const known = new Set<string>();
  return heard.filter((one) => {
    if (known.has(keyOf(one))) return false;
    known.add(keyOf(one));
    const before = latest.get(one.tag) ?? 0;
    latest.set(one.tag, Math.max(before, one.number));
    return one.number < before;
  });
}

/**
 * Finds a line for each lost number: one that speaks of all of that time, or one of those that speak of
 * so many messages of that time.
 */
function matchWith(declared: readonly Declaration[], lost: readonly Said[]) {
  const [all, some] = [declared.filter(isOfAll), declared.filter((line) => !isOfAll(line))];
  const lines = [...all, ...some];
  const left = new Map(declared.map((line) => [line, line.count ?? Number.POSITIVE_INFINITY]));
  const declaredLost: DeclaredLost[] = [];
  const undeclaredLost: Said[] = [];
  for (const one of lost) {
    const line = lines.find((each) => encloses(each, one.at) && (left.get(each) ?? 0) > 0);
    if (line === undefined) undeclaredLost.push(one);
    else {
      left.set(line, (left.get(line) ?? 0) - 1);
      declaredLost.push({ ...one, line });
    }
  }
  return { declaredLost, undeclaredLost };
}

function isOfAll({ count }: Declaration): boolean {
  return count === undefined;
}

/** The clocks of the servers and ours are one, but stamps have whole seconds. */
const TOLERANCE_MS = 1_000;

function encloses({ since, until }: Span, at: number): boolean {
  return at >= since - TOLERANCE_MS && at <= until + TOLERANCE_MS;
}

function lengthOf({ since, until }: Span): number {
  return until - since;
}

function longest(lengths: readonly number[]): number {
  return lengths.reduce((most, length) => Math.max(most, length), 0);
}

function keyOf({ tag, number }: Numbered): string {
  return `${tag}.${number}`;
}

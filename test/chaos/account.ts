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

/** What became of a flow. */
export interface Account {
  readonly name: string;
  readonly sent: number;
  /** Different numbers that were heard. */
  readonly heard: number;
  /** Every time but the first, and all that came back. */
  readonly doubled: readonly NumberAt[];
  /** Heard behind a later number of the same speaker. */
  readonly reordered: readonly NumberAt[];
  readonly declaredLost: readonly Said[];
  readonly undeclaredLost: readonly Said[];
  /** Said while nobody was there to hear it. */
  readonly unobservable: number;
  /** Longest time from being said to being heard, and how much of it at a stretch nothing was wrong. */
  readonly longestWait: number;
  readonly longestBlind: number;
}

/** Accounts for every number of a flow. */
export function accountFor(flow: Flow): Account {
  const { name, said, heard, echoed, declared, deaf, faults } = flow;
  const firsts = firstHearings(heard);
  const unheard = said.filter((one) => one.isSure && !firsts.has(keyOf(one)));
  const unobserved = unheard.filter(({ at }) => deaf.some((span) => encloses(span, at)));
  const lost = unheard.filter((one) => !unobserved.includes(one));
  const { declaredLost, undeclaredLost } = matchWith(declared, lost);
  const waits = said.flatMap((one) => {
    const first = firsts.get(keyOf(one));
    return first === undefined ? [] : [{ since: one.at, until: first.at }];
  });
  return {
    name,
    sent: said.filter((one) => one.isSure).length,
    heard: firsts.size,
    doubled: [...heard.filter((one) => firsts.get(keyOf(one)) !== one), ...echoed],
    reordered: outOfOrder([...firsts.values()]),
    declaredLost,
    undeclaredLost,
    unobservable: unobserved.length,
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

function firstHearings(heard: readonly NumberAt[]): ReadonlyMap<string, NumberAt> {
  const firsts = new Map<string, NumberAt>();
  for (const one of heard) {
    const key = keyOf(one);
    if (!firsts.has(key)) firsts.set(key, one);
  }
  return firsts;
}

function outOfOrder(heard: readonly NumberAt[]): readonly NumberAt[] {
  const latest = new Map<Tag, number>();
  return heard.filter(({ tag, number }) => {
    const before = latest.get(tag) ?? 0;
    latest.set(tag, Math.max(before, number));
    return number < before;
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
  const declaredLost: Said[] = [];
  const undeclaredLost: Said[] = [];
  for (const one of lost) {
    const line = lines.find((each) => encloses(each, one.at) && (left.get(each) ?? 0) > 0);
    if (line === undefined) undeclaredLost.push(one);
    else {
      left.set(line, (left.get(line) ?? 0) - 1);
      declaredLost.push(one);
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

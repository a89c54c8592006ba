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

/** A declaration, and the times of which it may speak by the true clock. */
export interface Declared extends Declaration {
  readonly spans: readonly Span[];
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
  readonly declared: readonly Declared[];
  /** When the program came into the place where it was said, as others there saw it. */
  readonly returns: readonly number[];
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
  /** Longest time from when something was said until it was heard, in milliseconds. */
  readonly longestWait: number;
  /** The longest time in which somebody spoke, nothing was heard, and nothing was wrong. */
  readonly longestBlind: Span;
}

/** Accounts for every number of a flow. */
export function accountFor(flow: Flow): Account {
  const { name, queue, said, heard, echoed, declared, returns, deaf, faults } = flow;
  const hearings = groupByKey([...heard, ...echoed]);
  const sent = said.filter((one) => one.isSure);
  const unheard = sent.filter((one) => !hearings.has(keyOf(one)));
  const unobservable = unheard.filter(({ at }) => deaf.some((span) => encloses(span, at)));
  const lost = unheard.filter((one) => !unobservable.includes(one));
  const isAway = absences(said, { hearings, returns });
  const { declaredLost, undeclaredLost } = matchWith(declared, { lost, isAway });
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
    longestWait: lengthOf(longestOf(waitsOf(said, hearings))),
    longestBlind: longestOf(
      silencesOf(said, heard).map((silence) => longestWithout(faults, silence)),
    ),
  };
}

/** The longest stretch of a span that none of the others touches. */
export function longestWithout(others: readonly Span[], { since, until }: Span): Span {
  const stretches: Span[] = [];
  let from = since;
  for (const other of others.toSorted((a, b) => a.since - b.since)) {
    stretches.push({ since: from, until: Math.min(other.since, until) });
    from = Math.max(from, other.until);
  }
  return longestOf([...stretches, { since: from, until }]);
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

/** From when each number was said until it was heard; none for those that never were. */
function waitsOf(
  said: readonly Said[],
  hearings: ReadonlyMap<string, readonly NumberAt[]>,
): readonly Span[] {
  return said.flatMap((one) => {
    const [first] = hearings.get(keyOf(one)) ?? [];
    return first === undefined ? [] : [{ since: one.at, until: first.at }];
  });
}

/** From when each number was said until anything was heard; none where nothing was any more. */
function silencesOf(said: readonly Said[], heard: readonly NumberAt[]): readonly Span[] {
  const latestFirst = heard.map(({ at }) => at).toSorted((a, b) => b - a);
  let next: number | undefined;
  return said
    .toSorted((a, b) => a.at - b.at)
    .flatMap(({ at }) => {
      while (next === undefined || next < at) {
        next = latestFirst.pop();
        if (next === undefined) return [];
      }
      return [{ since: at, until: next }];
    });
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
 * Whether the program was away when a number was said: it did not pass on what was said from then until
 * it was seen to come back. A line that speaks of a longer time must not hide what is lost within it.
 */
function absences(
  said: readonly Said[],
  {
    hearings,
    returns,
  }: {
    readonly hearings: ReadonlyMap<string, unknown>;
    readonly returns: readonly number[];
  },
): (one: Said) => boolean {
  const inOrder = said.toSorted((a, b) => a.at - b.at);
  const spans: Span[] = [];
  let since: number | undefined;
  for (const one of inOrder) {
    if (!hearings.has(keyOf(one))) since ??= one.at;
    else if (since !== undefined) {
      spans.push({ since, until: one.at });
      since = undefined;
    }
  }
  const away = spans.filter((span) => returns.some((at) => encloses(span, at)));
  return ({ at }) => away.some((span) => at >= span.since && at <= span.until);
}

/**
 * Finds a line for each lost number: one that speaks of all of the time in which the program was away,
 * or one of those that speak of so many messages of some time.
 */
function matchWith(
  declared: readonly Declared[],
  { lost, isAway }: { readonly lost: readonly Said[]; readonly isAway: (one: Said) => boolean },
) {
  const [all, some] = [declared.filter(isOfAll), declared.filter((line) => !isOfAll(line))];
  const left = new Map(some.map((line) => [line, line.count ?? 0]));
  const declaredLost: DeclaredLost[] = [];
  const undeclaredLost: Said[] = [];
  for (const one of lost) {
    const lines = isAway(one) ? [...all, ...some] : some;
    const line = lines.find((each) => speaksOf(each, one) && left.get(each) !== 0);
    if (line === undefined) undeclaredLost.push(one);
    else {
      left.set(line, (left.get(line) ?? Number.POSITIVE_INFINITY) - 1);
      declaredLost.push({ ...one, line });
    }
  }
  return { declaredLost, undeclaredLost };
}

function speaksOf({ spans }: Declared, { at }: Said): boolean {
  return spans.some((span) => encloses(span, at));
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

/** The longest of them; an empty one when there is none, or all end before they begin. */
function longestOf(spans: readonly Span[]): Span {
  return spans.reduce((most, span) => (lengthOf(span) > lengthOf(most) ? span : most), EMPTY);
}

const EMPTY: Span = { since: 0, until: 0 };

function keyOf({ tag, number }: Numbered): string {
  return `${tag}.${number}`;
}

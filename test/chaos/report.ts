import type { Account, Offence } from "./account.ts";
import { type Chronicle, formatHappening, timeOfDay } from "./chronicle.ts";
import { type KindName, kindNames } from "./kinds.ts";
import type { Outcome } from "./run.ts";

/** No write of the site may take longer, in milliseconds. */
const LONGEST_WRITE_MS = 50;
/** What happened around an offence, in milliseconds before and after. */
const NEAR_MS = 1_500;
const MOST_NEAR = 40;
const MOST_GROUPS = 10;
const MOST_OF_GROUP = 10;
const LONGEST_LINE = 300;

/** Whether the program kept its promise. */
export function isKept({ accounts, longestWrite, deaths, pending }: Outcome): boolean {
  return (
    deaths === 0 &&
    pending === 0 &&
    longestWrite <= LONGEST_WRITE_MS &&
    accounts.every(({ offences }) => offences.length === 0)
  );
}

type Column = readonly [head: string, cell: (account: Account) => string | number];

const COLUMNS: readonly Column[] = [
  ["", ({ name }) => name],
  ["sent", ({ sent }) => sent],
  ["heard", ({ heard }) => heard],
  countOf("doubled"),
  countOf("reordered"),
  ["declared lost", ({ declaredLost }) => declaredLost.length],
  countOf("undeclared lost"),
  countOf("not on record"),
  ["unobservable", ({ unobservable }) => unobservable],
  ["longest wait", ({ longestWait }) => seconds(longestWait)],
  ["longest time blind", ({ longestBlind }) => seconds(longestBlind.until - longestBlind.since)],
];

function countOf(what: Offence["what"]): Column {
  return [what, ({ offences }) => offences.filter((offence) => offence.what === what).length];
}

/** The run as one table, and what else there is to say about it. */
export function formatOutcome(outcome: Outcome): string {
  const rows = [
    COLUMNS.map(([head]) => head),
    COLUMNS.map((_, i) => (i === 0 ? "---" : "---:")),
    ...outcome.accounts.map((account) => COLUMNS.map(([, cell]) => String(cell(account)))),
  ];
  return [
    ...rows.map((cells) => `| ${cells.join(" | ")} |`),
    "",
    ...outcome.accounts.map(
      ({ name, longestBlind: { since, until } }) =>
        `Longest blind, ${name}: ${timeOfDay(since)} to ${timeOfDay(until)}`,
    ),
    `Longest write of the site: ${outcome.longestWrite.toFixed(1)} ms`,
    `Faults: ${countKinds(outcome) || "none"}; ${outcome.missed} found nothing to be inflicted on`,
    ...(outcome.leftOut.length === 0
      ? []
      : [`Left out, because this system does not let us: ${outcome.leftOut.join(", ")}`]),
    `The program ended by itself ${outcome.deaths} times`,
    `Not settled in the end: ${outcome.pending ?? "the program does not say"}`,
    `All was accounted for ${seconds(outcome.settledAfter)} after the last fault`,
  ].join("\n");
}

/** Each breach of the promise, with what happened around it. */
export function formatOffences(outcome: Outcome, chronicle: Chronicle): string {
  const offences = outcome.accounts
    .flatMap(({ name, offences: list }) => list.map((offence) => ({ ...offence, name })))
    .toSorted((a, b) => whenOf(a) - whenOf(b));
  const groups = groupByTime(offences).slice(0, MOST_GROUPS);
  return groups.map((group) => formatGroup(group, chronicle)).join("\n\n");
}

function formatGroup(group: readonly NamedOffence[], chronicle: Chronicle): string {
  const [first] = group;
  const at = first === undefined ? 0 : whenOf(first);
  const near = chronicle.between(at - NEAR_MS, at + NEAR_MS).map(formatHappening);
  return [
    ...upTo(MOST_OF_GROUP, group.map(formatOffence)),
    ...upTo(MOST_NEAR, near).map((line) => `  ${line.slice(0, LONGEST_LINE)}`),
  ].join("\n");
}

/** The first of the lines, and how many more there are. */
function upTo(most: number, lines: readonly string[]): readonly string[] {
  if (lines.length <= most) return lines;
  return [...lines.slice(0, most), `... ${lines.length - most} more`];
}

type NamedOffence = Offence & Pick<Account, "name">;

/** What was heard too often or too late is of interest then; what was lost, when it was said. */
function whenOf({ heardAt, saidAt }: Offence): number {
  return heardAt.at(-1) ?? saidAt ?? 0;
}

/** Those that follow each other closely share what happened around them. */
function groupByTime(offences: readonly NamedOffence[]): readonly (readonly NamedOffence[])[] {
  const groups: NamedOffence[][] = [];
  for (const offence of offences) {
    const before = groups.at(-1)?.at(-1);
    if (before !== undefined && whenOf(offence) - whenOf(before) < NEAR_MS) {
      groups.at(-1)?.push(offence);
    } else {
      groups.push([offence]);
    }
  }
  return groups;
}

function formatOffence({ tag, number, what, name, saidAt, heardAt }: NamedOffence): string {
  const times = [
    saidAt === undefined ? "never said" : `said ${timeOfDay(saidAt)}`,
    ...(heardAt.length === 0 ? [] : [`heard ${heardAt.map(timeOfDay).join(" and ")}`]),
  ];
  return `#${tag}.${number} ${what} (${name}): ${times.join(", ")}`;
}

function countKinds({ inflicted }: Outcome): string {
  const count = (name: KindName) => inflicted.filter(({ kind }) => kind === name).length;
  return kindNames
    .filter((name) => count(name) > 0)
    .map((name) => `${count(name)} ${name}`)
    .join(", ");
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

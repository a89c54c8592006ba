import type { Account, NumberAt } from "./account.ts";
import { type Chronicle, formatHappening, timeOfDay } from "./chronicle.ts";
import { type KindName, kindNames } from "./kinds.ts";
import type { Outcome } from "./run.ts";

/** No write of the site may take longer, in milliseconds. */
const LONGEST_WRITE_MS = 50;
/** What happened around an offence, in milliseconds before and after. */
const NEAR_MS = 1_500;
const MOST_NEAR = 40;
const MOST_OFFENCES = 20;
const LONGEST_LINE = 300;

/** Whether the program kept its promise. */
export function isKept({ accounts, longestWrite, deaths }: Outcome): boolean {
  return (
    deaths === 0 &&
    longestWrite <= LONGEST_WRITE_MS &&
    accounts.every(
      ({ doubled, reordered, undeclaredLost }) =>
        doubled.length + reordered.length + undeclaredLost.length === 0,
    )
  );
}

/** The run as one table, and what else there is to say about it. */
export function formatOutcome(outcome: Outcome): string {
  const columns = [
    ["", ({ name }: Account) => name],
    ["sent", ({ sent }: Account) => sent],
    ["heard", ({ heard }: Account) => heard],
    ["doubled", ({ doubled }: Account) => doubled.length],
    ["reordered", ({ reordered }: Account) => reordered.length],
    ["declared lost", ({ declaredLost }: Account) => declaredLost.length],
    ["undeclared lost", ({ undeclaredLost }: Account) => undeclaredLost.length],
    ["unobservable", ({ unobservable }: Account) => unobservable],
    ["longest wait", ({ longestWait }: Account) => seconds(longestWait)],
    ["longest time blind", ({ longestBlind }: Account) => seconds(longestBlind)],
  ] as const;
  const rows = [
    columns.map(([head]) => head),
    columns.map((_, i) => (i === 0 ? "---" : "---:")),
    ...outcome.accounts.map((account) => columns.map(([, cell]) => String(cell(account)))),
  ];
  return [
    ...rows.map((cells) => `| ${cells.join(" | ")} |`),
    "",
    `Longest write of the site: ${outcome.longestWrite.toFixed(1)} ms`,
    `Faults: ${countKinds(outcome) || "none"}; ${outcome.missed} found nothing to be inflicted on`,
    `The program ended by itself ${outcome.deaths} times`,
    `All was accounted for ${seconds(outcome.settledAfter)} after the last fault`,
  ].join("\n");
}

/** Each breach of the promise, with what happened around it. */
export function formatOffences(outcome: Outcome, chronicle: Chronicle): string {
  const offences = outcome.accounts.flatMap(({ name, doubled, reordered, undeclaredLost }) => [
    ...doubled.map((one) => ({ one, what: `heard again, ${name}` })),
    ...reordered.map((one) => ({ one, what: `heard behind a later one, ${name}` })),
    ...undeclaredLost.map((one) => ({ one, what: `lost without a word, ${name}` })),
  ]);
  const shown = offences.slice(0, MOST_OFFENCES).map(({ one, what }) => {
    const near = chronicle.between(one.at - NEAR_MS, one.at + NEAR_MS).slice(0, MOST_NEAR);
    const lines = near.map((happening) => `  ${formatHappening(happening).slice(0, LONGEST_LINE)}`);
    return [`${formatNumbered(one)} ${what}; around it:`, ...lines].join("\n");
  });
  const rest = offences.length - shown.length;
  return [...shown, ...(rest > 0 ? [`... and ${rest} more`] : [])].join("\n\n");
}

function formatNumbered({ tag, number, at }: NumberAt): string {
  return `#${tag}.${number} at ${timeOfDay(at)}`;
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

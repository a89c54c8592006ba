import { formatRows, formatValues } from "../report.ts";
import type { Account } from "./account.ts";
import type { OutageOutcome } from "./measure.ts";
import type { Outage } from "./options.ts";

/** What one round of one outage taught about one relay. */
export interface OutageResult extends OutageOutcome {
  readonly round: number;
  readonly relay: string;
  readonly outage: Outage;
}

const SERVERS = { xmpp: "Prosody", irc: "InspIRCd" } as const;

/** An outage in words. */
export function formatOutage({ server, fault, seconds }: Outage): string {
  return `${SERVERS[server]} ${fault} for ${seconds} s`;
}

/**
 * A Markdown table with a row for each relay in each outage: the messages of all rounds together, and of
 * the times the median and in brackets the range.
 */
export function formatOutages(results: readonly OutageResult[]): string {
  const rows = grouped(results).map((group) => {
    const [{ outage, relay }] = group;
    const meanwhile = sum(group.map((result) => result.meanwhile));
    const all = sum(group.flatMap((result) => result.all));
    return [
      formatOutage(outage),
      relay,
      ...[meanwhile.said, meanwhile.heard, meanwhile.lost].map(String),
      ...[all.lost - meanwhile.lost, all.doubled, all.reordered].map(String),
      formatTimes(group.map(({ openMs }) => openMs)),
      formatTimes(group.map(({ liveIntoMs }) => liveIntoMs)),
      formatTimes(group.map(({ liveOutOfMs }) => liveOutOfMs)),
    ];
  });
  return formatRows(HEADS, rows);
}

const HEADS = [
  "outage",
  "relay",
  "said meanwhile",
  "heard",
  "lost",
  "lost before and after",
  "doubled",
  "reordered",
  "first heard, s",
  "live into it, s",
  "live out of it, s",
];

/** How long servers that have just started let their first client wait; nothing when none was killed. */
export function formatWelcomes(results: readonly OutageResult[]): string {
  return Object.entries(SERVERS)
    .map(([server, name]) => {
      const waits = results
        .filter(({ outage }) => outage.server === server)
        .flatMap(({ listenerMs }) => listenerMs ?? []);
      const text = formatValues(waits.map((ms) => ms / 1_000));
      return text === "" ? "" : `${name} lets in who asks as soon as it listens after ${text} s.\n`;
    })
    .join("");
}

/** What went wrong in outages of the product; nothing should. */
export function findFaults(results: readonly OutageResult[]): readonly string[] {
  return results.flatMap(({ round, relay, outage, meanwhile, all }) => {
    const { doubled, reordered } = sum(all);
    const { lost } = meanwhile;
    if (lost + doubled + reordered === 0) return [];
    const what = `${lost} lost, ${doubled} doubled, ${reordered} reordered`;
    return [`round ${round}, ${formatOutage(outage)}, ${relay}: ${what}`];
  });
}

type Group = readonly [OutageResult, ...(readonly OutageResult[])];

/** The rounds of each relay in each outage, in the order in which they came first. */
function grouped(results: readonly OutageResult[]): readonly Group[] {
  const groups = new Map<string, [OutageResult, ...OutageResult[]]>();
  for (const result of results) {
    const key = `${formatOutage(result.outage)}, ${result.relay}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [result]);
    else group.push(result);
  }
  return [...groups.values()];
}

function sum(accounts: readonly Account[]): Account {
  const total = (field: keyof Account) => accounts.reduce((n, account) => n + account[field], 0);
  return {
    said: total("said"),
    heard: total("heard"),
    lost: total("lost"),
    doubled: total("doubled"),
    reordered: total("reordered"),
  };
}

/** Where nothing came in some round, it says in how many. */
function formatTimes(times: readonly (number | undefined)[]): string {
  const came = times.flatMap((ms) => (ms === undefined ? [] : [ms / 1_000]));
  if (came.length === 0) return "never";
  const text = formatValues(came);
  const never = times.length - came.length;
  return never === 0 ? text : `${text}; never in ${never} of ${times.length}`;
}

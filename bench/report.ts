import type { Candidate } from "./candidates.ts";
import { busyTable, type Figure, type Result, tables } from "./result.ts";
import { median } from "./statistics.ts";

/**
 * A Markdown table for each part of the bench: the median of the rounds, and in brackets their range.
 * A ratio is that of two candidates in the same round, so that what slows both down stays out of it.
 */
export function formatReport(results: readonly Result[]): string {
  return tables.map((table) => formatTable(table, results)).join("\n\n");
}

/** One line for each thing that did not come once and in order. */
export function formatFaults(results: readonly Result[]): readonly string[] {
  return results.flatMap(({ round, candidate, faults }) =>
    faults.map((fault) => `round ${round}, ${candidate}: ${fault}`),
  );
}

function formatTable(table: Figure["table"], results: readonly Result[]): string {
  const figures = results.flatMap((result) => result.figures);
  const ofTable = figures.filter((figure) => figure.table === table);
  const units = new Map(ofTable.map(({ name, unit }) => [name, unit]));
  const rows = [...units].map(([name, unit]) => {
    const raw = valuesByRound(results, { candidate: "raw sockets", table, name });
    const product = valuesByRound(results, { candidate: "saxbridge", table, name });
    const cells = [`${name}, ${unit}`, formatValues(raw), formatValues(product)];
    return table === busyTable ? cells : [...cells, formatValues(ratios(product, raw))];
  });
  const head = [table, "raw sockets", "saxbridge"];
  const heads = table === busyTable ? head : [...head, "saxbridge / raw sockets"];
  return [heads, heads.map((_, i) => (i === 0 ? "---" : "---:")), ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

type ByRound = ReadonlyMap<number, number>;

function valuesByRound(
  results: readonly Result[],
  wanted: {
    readonly candidate: Candidate["name"];
    readonly table: Figure["table"];
    readonly name: string;
  },
): ByRound {
  const values = new Map<number, number>();
  for (const { round, candidate, figures } of results) {
    if (candidate !== wanted.candidate) continue;
    const found = figures.find(({ table, name }) => table === wanted.table && name === wanted.name);
    if (found !== undefined) values.set(round, found.value);
  }
  return values;
}

function ratios(product: ByRound, raw: ByRound): ByRound {
  const pairs = [...product].map(([round, value]): [number, number] => {
    return [round, value / (raw.get(round) ?? Number.NaN)];
  });
  return new Map(pairs.filter(([, ratio]) => !Number.isNaN(ratio)));
}

function formatValues(byRound: ByRound): string {
  const values = [...byRound.values()];
  if (values.length === 0) return "";
  const middle = formatNumber(median(values));
  if (values.length === 1) return middle;
  return `${middle} (${formatNumber(Math.min(...values))} to ${formatNumber(Math.max(...values))})`;
}

/** Three digits that count: more would be noise. */
function formatNumber(value: number): string {
  return value.toLocaleString("en", { maximumSignificantDigits: 3 });
}

import { product } from "./candidates.ts";
import { busyTable, type Figure, type Result, tables } from "./result.ts";
import { median } from "./statistics.ts";

/**
 * A Markdown table for each part of the bench: the median of the rounds, and in brackets their range. The
 * candidates stand in this order. A ratio is that of two candidates in the same round, so that what
 * slows both down stays out of it.
 */
export function formatReport(results: readonly Result[], candidates: readonly string[]): string {
  return tables
    .filter((table) => results.some(({ figures }) => figures.some((each) => each.table === table)))
    .map((table) => formatTable(table, results, candidates))
    .join("\n\n");
}

/** One line for each thing that did not come once and in order. */
export function formatFaults(results: readonly Result[]): readonly string[] {
  return results.flatMap(({ round, candidate, faults }) =>
    faults.map((fault) => `round ${round}, ${candidate}: ${fault}`),
  );
}

/** Lines of a Markdown table; the first column is of words, all others of numbers. */
export function formatRows(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  return [heads, heads.map((_, i) => (i === 0 ? "---" : "---:")), ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

/** The median, and behind it the range of several values; nothing of none. */
export function formatValues(values: readonly number[]): string {
  if (values.length === 0) return "";
  const middle = formatNumber(median(values));
  if (values.length === 1) return middle;
  return `${middle} (${formatNumber(Math.min(...values))} to ${formatNumber(Math.max(...values))})`;
}

function formatTable(
  table: Figure["table"],
  results: readonly Result[],
  candidates: readonly string[],
): string {
  const ofTable = (result: Result) => result.figures.filter((each) => each.table === table);
  const names = candidates.filter((name) =>
    results.some((result) => result.candidate === name && ofTable(result).length > 0),
  );
  const others = table === busyTable ? [] : names.filter((name) => name !== product);
  const units = new Map(results.flatMap(ofTable).map(({ name, unit }) => [name, unit]));
  const rows = [...units].map(([name, unit]) => {
    const of = (candidate: string) => valuesByRound(results, { candidate, table, name });
    return [
      `${name}, ${unit}`,
      ...names.map((candidate) => formatValues([...of(candidate).values()])),
      ...others.map((other) => formatValues(ratios(of(product), of(other)))),
    ];
  });
  return formatRows([table, ...names, ...others.map((other) => `${product} / ${other}`)], rows);
}

type ByRound = ReadonlyMap<number, number>;

function valuesByRound(
  results: readonly Result[],
  wanted: {
    readonly candidate: string;
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

function ratios(ours: ByRound, theirs: ByRound): readonly number[] {
  return [...ours]
    .map(([round, value]) => value / (theirs.get(round) ?? Number.NaN))
    .filter((ratio) => !Number.isNaN(ratio));
}

/** Three digits that count: more would be noise. */
function formatNumber(value: number): string {
  return value.toLocaleString("en", { maximumSignificantDigits: 3 });
}

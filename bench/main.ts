import { writeFile } from "node:fs/promises";
import { availableParallelism, loadavg } from "node:os";
import { measureAnnouncer } from "./announce-job.ts";
import { candidates } from "./candidates.ts";
import { type Options, readOptions, UsageError } from "./options.ts";
import { measureRelay } from "./relay-job.ts";
import { formatFaults, formatReport } from "./report.ts";
import type { Result } from "./result.ts";

// npm run bench: see docs/benchmarks.md. Exits with 1 when a message was lost, came twice or out of
// order, or when something could not be measured; with 2 when the command line is wrong.

const jobs = { relay: measureRelay, announcements: measureAnnouncer };

try {
  process.exitCode = await bench(readOptions(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}

async function bench(options: Options): Promise<number> {
  const results: Result[] = [];
  for (let round = 1; round <= options.rounds; round += 1) {
    results.push(...(await measureRound(round, options)));
    if (options.json !== undefined) await writeResults(options.json, options, results);
  }
  const faults = formatFaults(results);
  process.stdout.write(`${formatReport(results)}\n`);
  process.stderr.write(faults.map((fault) => `${fault}\n`).join(""));
  return faults.length === 0 ? 0 : 1;
}

async function measureRound(round: number, options: Options): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (const [job, measure] of Object.entries(jobs)) {
    for (const candidate of rotated(candidates, round)) {
      const name = candidate.name;
      const tell = (step: string) =>
        process.stderr.write(`round ${round} of ${options.rounds}, ${job}, ${name}: ${step}\n`);
      results.push({ round, candidate: name, ...(await measure(candidate, options, tell)) });
    }
  }
  return results;
}

/** Each round begins with another one, so that none is always measured on the fresher machine. */
function rotated<T>(items: readonly T[], round: number): readonly T[] {
  const start = round % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}

function writeResults(file: string, options: Options, results: readonly Result[]): Promise<void> {
  const machine = { node: process.version, cores: availableParallelism(), load: loadavg() };
  return writeFile(file, `${JSON.stringify({ options, machine, results }, undefined, 1)}\n`);
}

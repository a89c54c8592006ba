import { measureAnnouncer } from "./announce-job.ts";
import { type Candidate, candidatesBeside } from "./candidates.ts";
import type { Options } from "./options.ts";
import { measureRelay } from "./relay-job.ts";
import { formatFaults, formatReport } from "./report.ts";
import type { Result } from "./result.ts";
import { writeResults } from "./write-results.ts";

const jobs = { relay: measureRelay, announcements: measureAnnouncer } as const;

const jobNames = ["relay", "announcements"] as const;

/** Has each candidate do its jobs, some times, and prints what that took; resolves with the exit code. */
export async function measureJobs(options: Options): Promise<number> {
  const candidates = candidatesBeside(options.beside);
  const results: Result[] = [];
  for (let round = 1; round <= options.rounds; round += 1) {
    results.push(...(await measureRound(round, candidates, options)));
    await writeResults(options, results);
  }
  const faults = formatFaults(results);
  const names = candidates.map(({ name }) => name);
  process.stdout.write(`${formatReport(results, names)}\n`);
  process.stderr.write(faults.map((fault) => `${fault}\n`).join(""));
  return faults.length === 0 ? 0 : 1;
}

async function measureRound(
  round: number,
  candidates: readonly Candidate[],
  options: Options,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (const job of jobNames) {
    for (const candidate of rotated(candidates, round)) {
      const { name } = candidate;
      const program = candidate[job];
      if (program === undefined) continue;
      const tell = (step: string) =>
        process.stderr.write(`round ${round} of ${options.rounds}, ${job}, ${name}: ${step}\n`);
      results.push({ round, candidate: name, ...(await jobs[job](program, options, tell)) });
    }
  }
  return results;
}

/** Each round begins with another one, so that none is always measured on the fresher machine. */
function rotated<T>(items: readonly T[], round: number): readonly T[] {
  const start = round % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}

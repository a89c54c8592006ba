import { UsageError } from "./command-line.ts";
import { measureJobs } from "./jobs.ts";
import { readOptions } from "./options.ts";
import { readOutageOptions } from "./outage/options.ts";
import { measureOutages } from "./outage/run.ts";
import { measureOutboxCost } from "./outbox-cost.ts";

// npm run bench: see docs/benchmarks.md. Exits with 1 when a message was lost, came twice or out of
// order, or when something could not be measured; with 2 when the command line is wrong.

try {
  // At once: after connections that broke, Node may wait at its end for something that never comes, and
  // is busy with waiting.
  process.exit(await bench(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(2);
}

function bench(words: readonly string[]): Promise<number> {
  const [first, ...rest] = words;
  if (first === "outbox" && rest.length === 0) return measureOutboxCost();
  if (first === "outage") return measureOutages(readOutageOptions(rest));
  return measureJobs(readOptions(words));
}

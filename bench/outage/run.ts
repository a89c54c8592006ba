import { systemClock as clock } from "../../shared/clock.ts";
import { writeResults } from "../write-results.ts";
import { measureOutage } from "./measure.ts";
import type { Outage, OutageOptions } from "./options.ts";
import { type Relay, relaysBeside } from "./relays.ts";
import {
  findFaults,
  formatOutage,
  formatOutages,
  formatWelcomes,
  type OutageResult,
} from "./report.ts";

/** Lets all relays go through outages, some times, and prints what came of it; resolves with the exit code. */
export async function measureOutages(options: OutageOptions): Promise<number> {
  const relays = relaysBeside(options.others);
  const results: OutageResult[] = [];
  for (let round = 1; round <= options.rounds; round += 1) {
    for (const outage of options.outages) {
      results.push(...(await goThrough({ relays, outage, round, rounds: options.rounds })));
      await writeResults(options, results);
    }
  }
  process.stdout.write(`${formatOutages(results)}\n\n${formatWelcomes(results)}`);
  const ours = relays.filter(({ isOurs }) => isOurs).map(({ name }) => name);
  const faults = findFaults(results.filter(({ relay }) => ours.includes(relay)));
  process.stderr.write(faults.map((fault) => `${fault}\n`).join(""));
  return faults.length === 0 ? 0 : 1;
}

/** So that they do not all start their servers at once, in milliseconds. */
const APART = 4_000;

/** All relays at the same time, each with servers of its own: an outage is mostly waiting. */
function goThrough(run: {
  readonly relays: readonly Relay[];
  readonly outage: Outage;
  readonly round: number;
  readonly rounds: number;
}): Promise<OutageResult[]> {
  const { relays, outage, round, rounds } = run;
  return Promise.all(
    relays.map(async (relay, index) => {
      const what = `round ${round} of ${rounds}, ${formatOutage(outage)}, ${relay.name}`;
      const tell = (step: string) => process.stderr.write(`${what}: ${step}\n`);
      await clock.sleep(index * APART);
      const outcome = await measureOutage(relay, outage, tell);
      tell(`${outcome.meanwhile.heard} of ${outcome.meanwhile.said} heard`);
      return { round, relay: relay.name, outage, ...outcome };
    }),
  );
}

import { writeFile } from "node:fs/promises";
import { availableParallelism, loadavg } from "node:os";

/** Writes all that was measured to the file that the options name, if any, and what the machine was like. */
export async function writeResults(
  options: { readonly json: string | undefined },
  results: readonly unknown[],
): Promise<void> {
  if (options.json === undefined) return;
  const machine = { node: process.version, cores: availableParallelism(), load: loadavg() };
  await writeFile(options.json, `${JSON.stringify({ options, machine, results }, undefined, 1)}\n`);
}

import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { endWithParent } from "../../cli/demo/servers/end-with-parent.ts";

/** How a run of the chaos suite ended. */
export interface ChaosEnd {
  readonly code: number | null;
  /** Its table, and what was wrong. */
  readonly output: string;
}

/** Runs `npm run chaos` with these words. */
export async function chaos(...words: readonly string[]): Promise<ChaosEnd> {
  const start = new URL("../chaos/start.mjs", import.meta.url).pathname;
  const child = spawn(process.execPath, [start, ...words], { stdio: ["ignore", "pipe", "pipe"] });
  const forget = endWithParent(() => child.kill("SIGTERM"));
  const [stdout, stderr] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close"),
  ]);
  forget();
  return { code: child.exitCode, output: `${stdout}\n${stderr}` };
}

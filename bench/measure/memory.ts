import { systemClock as clock } from "../../shared/clock.ts";
import type { BridgeProcess } from "../bridge-process.ts";
import { residentMiB } from "../process-usage.ts";

const IDLE_MS = 3_000;

/** MiB in RAM after three seconds in which nothing is said. */
export async function measureIdleMemory({ pid }: BridgeProcess): Promise<number> {
  await clock.sleep(IDLE_MS);
  return residentMiB(pid);
}

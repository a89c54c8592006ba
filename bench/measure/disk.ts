import { appendFileSync, closeSync, fdatasyncSync, openSync } from "node:fs";
import { join } from "node:path";
import { systemClock as clock } from "../../shared/clock.ts";

const WRITES = 100;
const PAUSE_MS = 10;

/**
 * How long the disk under this directory takes to make a small write safe, in milliseconds, some times.
 * Nobody who keeps what was taken can be faster.
 */
export async function measureDisk(directory: string): Promise<readonly number[]> {
  const file = openSync(join(directory, "disk"), "a");
  const waits: number[] = [];
  try {
    for (let write = 0; write < WRITES; write += 1) {
      const startedAt = clock.now();
      appendFileSync(file, "a small write\n");
      fdatasyncSync(file);
      waits.push(clock.now() - startedAt);
      await clock.sleep(PAUSE_MS);
    }
    return waits;
  } finally {
    closeSync(file);
  }
}

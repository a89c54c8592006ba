import { systemClock as clock } from "../shared/clock.ts";

const POLL_MS = 5;

/** Looks until it is so, but no longer than this; resolves with whether it is. */
export async function until(isSo: () => boolean, patienceMs: number): Promise<boolean> {
  const deadline = clock.now() + patienceMs;
  while (!isSo() && clock.now() < deadline) await clock.sleep(POLL_MS);
  return isSo();
}

import type { Health } from "../shared/observe/health.ts";

/**
 * Resolves when no link is down any more: each is up, or has failed for good. Also when `stop` aborts,
 * and after `patience` milliseconds. The answer is whether all are up. Call it before the links begin
 * to come up; until it has resolved it is the one that listens to changes.
 */
export async function untilSettled(
  health: Health,
  { patience, stop }: { readonly patience: number; readonly stop: AbortSignal },
): Promise<boolean> {
  const states = () => [...health.links().values()].map(({ at }) => at);
  const enough = AbortSignal.any([stop, AbortSignal.timeout(patience)]);
  await new Promise<void>((resolve) => {
    health.onChange(() => {
      if (!states().includes("down")) resolve();
    });
    if (enough.aborted) resolve();
    enough.addEventListener("abort", () => resolve(), { once: true });
  });
  health.onChange(() => {});
  return states().every((at) => at === "up");
}

import type { Health } from "../shared/observe/health.ts";

/**
 * Resolves when no link is on its way any more: each is up, or has failed for good. Also when `stop`
 * aborts, and after `patience` milliseconds. The answer is whether all are up. There has to be a link
 * first: before the bridges begin there is none.
 */
export async function untilSettled(
  health: Health,
  { patience, stop }: { readonly patience: number; readonly stop: AbortSignal },
): Promise<boolean> {
  const isUnderWay = () => health.links().size === 0 || health.has("down") || health.has("opening");
  const enough = AbortSignal.any([stop, AbortSignal.timeout(patience)]);
  await health.until(() => !isUnderWay(), enough);
  return !isUnderWay() && !health.has("failed");
}

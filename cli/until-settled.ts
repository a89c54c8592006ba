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
  // Not AbortSignal.timeout() in AbortSignal.any(): Node 20 collects it as garbage before its time.
  const enough = new AbortController();
  const giveUp = () => enough.abort();
  const timer = setTimeout(giveUp, patience);
  stop.addEventListener("abort", giveUp, { once: true });
  await health.until(() => !isUnderWay(), enough.signal);
  clearTimeout(timer);
  stop.removeEventListener("abort", giveUp);
  return !isUnderWay() && !health.has("failed");
}

import type { Health } from "../../shared/observe/health.ts";
import { CommandError } from "../command-error.ts";

/**
 * Resolves when every link is up, or when `stop` aborts. Rejects with a CommandError that says which
 * links are not up after `patience` milliseconds.
 */
export async function untilUp(
  health: Health,
  { patience, stop }: { readonly patience: number; readonly stop: AbortSignal },
): Promise<void> {
  const late = AbortSignal.timeout(patience);
  await new Promise<void>((resolve) => {
    health.onChange(() => {
      if (isUp(health)) resolve();
    });
    AbortSignal.any([stop, late]).addEventListener("abort", () => resolve(), { once: true });
  });
  health.onChange(() => {});
  if (stop.aborted || isUp(health)) return;
  throw new CommandError(69, `The demo does not come up: ${health.summary()}`);
}

function isUp(health: Health): boolean {
  return [...health.links().values()].every(({ at }) => at === "up");
}

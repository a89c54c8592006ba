import type { Counters } from "./counters.ts";
import type { Logger } from "./logger.ts";

/**
 * Wraps a handler so that what it throws is logged and counted and goes no further: the other
 * direction, the other bridge and the next message still work.
 */
export function shield<Args extends readonly unknown[]>(
  where: string,
  { log, counters }: { readonly log: Logger; readonly counters: Counters },
  handler: (...args: Args) => void,
): (...args: Args) => void {
  return (...args) => {
    try {
      handler(...args);
    } catch (error) {
      counters.add("handler_failures", { where });
      log.error("handler failed", { where, error });
    }
  };
}

import type { Logger } from "../../shared/observe/logger.ts";

const nothing = () => {};

/** A log that nobody reads. */
export const silentLog: Logger = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  child: () => silentLog,
};

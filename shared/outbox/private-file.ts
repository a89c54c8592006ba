import { accessSync, closeSync, constants, existsSync, openSync } from "node:fs";

/**
 * Makes an empty file that nobody else may read, where there is none: SQLite would let everybody, and gives
 * the files beside it the same mode. Throws what the system says when we may not read and write it.
 */
export function ensurePrivateFile(path: string): void {
  if (existsSync(path)) accessSync(path, constants.R_OK | constants.W_OK);
  else closeSync(openSync(path, "a", 0o600));
}

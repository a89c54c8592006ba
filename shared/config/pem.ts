import { readFileSync } from "node:fs";
import { errorMessage } from "../error-message.ts";
import { FatalError } from "../retry/keep-connected.ts";

/**
 * The text of the file that a variable names; undefined when it is not set. Throws a `FatalError` that
 * names the variable when the file cannot be read, for no waiting brings it. What is in the file is
 * for TLS to judge.
 */
export function readPem(variable: string, path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new FatalError(`Cannot read ${variable}: ${errorMessage(error)}`, { cause: error });
  }
}

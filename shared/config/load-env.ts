import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "dotenv";
import { errnoOf } from "../errno.ts";
import { errorMessage } from "../error-message.ts";
import { ConfigError, type Env, type Section, type Setting, settings } from "./section.ts";

interface LoadOptions {
  /**
   * Files in `.env` format; a later one wins over an earlier one. Each must be there. When absent,
   * `.env` in the working directory is read if there is one.
   */
  readonly files?: readonly string[];
  /** The real environment: it wins over every file. */
  readonly env: Env;
  /** What will be read from the result: says which variables are secret. */
  readonly sections: readonly Section[];
}

/**
 * The whole environment of one instance, with its secrets put in from where they are kept: for a secret
 * X the file that `X_FILE` names, else the file X or x in `CREDENTIALS_DIRECTORY` (systemd.exec(5)).
 * One line break at the end of such a file does not count. Throws a ConfigError that names every file
 * and variable it cannot use; changes nothing in `env`.
 */
export function loadEnv({ files = standardFiles(), env, sections }: LoadOptions): Env {
  const known = sections.flatMap((section) => settings(section));
  const problems: string[] = [];
  const attempt = <T>(step: () => T): T | undefined => {
    try {
      return step();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      problems.push(...error.problems);
      return undefined;
    }
  };

  const loaded: Record<string, string | undefined> = {};
  for (const file of files)
    Object.assign(
      loaded,
      attempt(() => readEnvFile(file, known)),
    );
  Object.assign(loaded, withoutEmpty(env));
  for (const { variable } of known.filter(({ secret }) => secret)) {
    loaded[variable] = attempt(() => findSecret(variable, loaded));
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return loaded;
}

function standardFiles(): readonly string[] {
  return existsSync(".env") ? [".env"] : [];
}

function readEnvFile(file: string, known: readonly Setting[]): Env {
  const text = readText(file, `Cannot read ${file}`);
  const cut = known.filter(({ variable }) => isCut(text, variable));
  if (cut.length === 0) return parse(text);
  throw new ConfigError(
    cut.map(({ variable }) => `${variable} in ${file} is cut at #: put its value in double quotes`),
  );
}

/**
 * True when dotenv would lose a part of the value: it takes `#` for a comment wherever it stands in a
 * value without quotes, so that `a#b` is read as `a`. With a space before it, a comment was meant.
 */
function isCut(text: string, variable: string): boolean {
  const lines = new RegExp(`^\\s*(?:export\\s+)?${variable}\\s*=(.*)$`, "gm");
  return [...text.matchAll(lines)].some(([, value = ""]) =>
    /^(?:#\S|\s*[^\s"'`#][^#]*(?<!\s)#)/.test(value),
  );
}

/** A variable that is set to nothing must not hide the one in a file. */
function withoutEmpty(env: Env): Env {
  return Object.fromEntries(Object.entries(env).filter(([, text]) => text !== ""));
}

function findSecret(variable: string, env: Env): string | undefined {
  const value = env[variable] || undefined;
  const named = env[`${variable}_FILE`] || undefined;
  if (value !== undefined && named !== undefined) {
    throw new ConfigError([`${variable} and ${variable}_FILE are both set: remove one of them`]);
  }
  const file = named ?? credentialFile(variable, env["CREDENTIALS_DIRECTORY"]);
  if (value !== undefined || file === undefined) return value;
  return readText(file, `${variable} cannot be read from ${file}`).replace(/\r?\n$/, "");
}

function credentialFile(variable: string, directory: string | undefined): string | undefined {
  if (directory === undefined) return undefined;
  return [variable, variable.toLowerCase()]
    .map((name) => join(directory, name))
    .find((file) => existsSync(file));
}

function readText(file: string, failure: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new ConfigError([`${failure}: ${reasonOf(error)}`]);
  }
}

function reasonOf(error: unknown): string {
  const code = errnoOf(error);
  if (code === "ENOENT") return "there is no such file";
  if (code === "EACCES") return "permission denied";
  if (code === "EISDIR") return "it is a directory";
  return errorMessage(error);
}

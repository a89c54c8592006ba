/** The command line was not understood; the message says what is right. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

const HELP = `npm run bench -- [--rounds 3] [--messages 5000] [--ircd inspircd|ngircd]
                [--xmpp prosody|ejabberd] [--beside NAME=DIRECTORY]... [--json FILE]
npm run bench -- outage [--rounds 3] [--seconds 15] [--fault killed,frozen]
                [--server xmpp,irc] [--other 'NAME=COMMAND']... [--json FILE]
npm run bench -- outbox`;

/** The problem, and all that can be said. */
export function usage(problem: string): UsageError {
  return new UsageError(`${problem}\n\n${HELP}`);
}

/** The number that the text of an option is; throws a `UsageError` when it is none, or out of bounds. */
export function wholeNumber(option: string, text: string, max: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= max) return value;
  throw usage(`--${option} should be a whole number from 1 to ${max}`);
}

/** The choice that the text of an option is; throws a `UsageError` when it is none. */
export function oneOf<const T extends string>(
  option: string,
  text: string,
  choices: readonly T[],
): T {
  const choice = choices.find((other) => other === text);
  if (choice !== undefined) return choice;
  throw usage(`--${option} should be ${choices.join(" or ")}`);
}

/** A value with a name for tables. */
export interface Named {
  readonly name: string;
  readonly value: string;
}

/** What `NAME=VALUE` says; throws a `UsageError` when it is not that. */
export function named(option: string, text: string): Named {
  const [, name, value] = /^([^=|]+)=(.+)$/.exec(text) ?? [];
  if (name !== undefined && value !== undefined) return { name, value };
  throw usage(`--${option} should be NAME=VALUE`);
}

/** Calls a parser of words; what it throws is a `UsageError`. */
export function parsing<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw usage(error instanceof Error ? error.message : String(error));
  }
}

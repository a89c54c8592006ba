import { parseArgs } from "node:util";

export interface Options {
  readonly rounds: number;
  /** Messages of each burst. */
  readonly messages: number;
  readonly ircd: "inspircd" | "ngircd";
  readonly xmpp: "prosody" | "ejabberd";
  /** Where to write everything that was measured. */
  readonly json: string | undefined;
}

const HELP = `npm run bench -- [--rounds 3] [--messages 5000] [--ircd inspircd|ngircd]
                [--xmpp prosody|ejabberd] [--json FILE]`;

/** The command line was not understood; the message says what is right. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Reads the command line; throws a `UsageError` for anything that is not as it should be. */
export function readOptions(words: readonly string[]): Options {
  const { rounds, messages, ircd, xmpp, json } = parse(words);
  return {
    rounds: wholeNumber("rounds", rounds, MOST_ROUNDS),
    messages: wholeNumber("messages", messages, MOST_MESSAGES),
    ircd: oneOf("ircd", ircd, ["inspircd", "ngircd"]),
    xmpp: oneOf("xmpp", xmpp, ["prosody", "ejabberd"]),
    json,
  };
}

const MOST_ROUNDS = 20;
/** Far below what the product keeps of each direction (`IRC_QUEUE_MESSAGES`): it would drop more. */
const MOST_MESSAGES = 10_000;

function parse(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      options: {
        rounds: { type: "string", default: "3" },
        messages: { type: "string", default: "5000" },
        ircd: { type: "string", default: "inspircd" },
        xmpp: { type: "string", default: "prosody" },
        json: { type: "string" },
      },
    }).values;
  } catch (error) {
    throw usage(error instanceof Error ? error.message : String(error));
  }
}

function wholeNumber(name: string, text: string, max: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= max) return value;
  throw usage(`--${name} should be a whole number from 1 to ${max}`);
}

function oneOf<const T extends string>(name: string, text: string, choices: readonly T[]): T {
  const choice = choices.find((other) => other === text);
  if (choice !== undefined) return choice;
  throw usage(`--${name} should be ${choices.join(" or ")}`);
}

function usage(problem: string): UsageError {
  return new UsageError(`${problem}\n\n${HELP}`);
}

import { parseArgs } from "node:util";
import { type Named, named, oneOf, parsing, wholeNumber } from "./command-line.ts";

/** Which servers stand on the stage. */
export interface ServerChoice {
  readonly ircd: "inspircd" | "ngircd";
  readonly xmpp: "prosody" | "ejabberd";
}

export interface Options extends ServerChoice {
  readonly rounds: number;
  /** Messages of each burst. */
  readonly messages: number;
  /** Directories of other compiled programs, to be measured in the same rounds. */
  readonly beside: readonly Named[];
  /** Where to write everything that was measured. */
  readonly json: string | undefined;
}

/** Reads the command line; throws a `UsageError` for anything that is not as it should be. */
export function readOptions(words: readonly string[]): Options {
  const { rounds, messages, ircd, xmpp, beside, json } = parse(words);
  return {
    rounds: wholeNumber("rounds", rounds, MOST_ROUNDS),
    messages: wholeNumber("messages", messages, MOST_MESSAGES),
    ircd: oneOf("ircd", ircd, ["inspircd", "ngircd"]),
    xmpp: oneOf("xmpp", xmpp, ["prosody", "ejabberd"]),
    beside: beside.map((text) => named("beside", text)),
    json,
  };
}

const MOST_ROUNDS = 20;
/** Far below what the product keeps of each direction (`IRC_QUEUE_MESSAGES`): it would drop more. */
const MOST_MESSAGES = 10_000;

function parse(words: readonly string[]) {
  return parsing(() =>
    parseArgs({
      args: [...words],
      options: {
        rounds: { type: "string", default: "3" },
        messages: { type: "string", default: "5000" },
        ircd: { type: "string", default: "inspircd" },
        xmpp: { type: "string", default: "prosody" },
        beside: { type: "string", multiple: true, default: [] },
        json: { type: "string" },
      },
    }),
  ).values;
}

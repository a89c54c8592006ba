import { parseArgs } from "node:util";
import { type Named, named, oneOf, parsing, wholeNumber } from "../command-line.ts";

const servers = ["xmpp", "irc"] as const;
const faults = ["killed", "frozen"] as const;

/** What happens to which server, and for how long. */
export interface Outage {
  readonly server: (typeof servers)[number];
  readonly fault: (typeof faults)[number];
  readonly seconds: number;
}

export interface OutageOptions {
  readonly rounds: number;
  /** One after the other, in each round. */
  readonly outages: readonly Outage[];
  /** Commands that start other relays. */
  readonly others: readonly Named[];
  /** Where to write everything that was measured. */
  readonly json: string | undefined;
}

const MOST_ROUNDS = 20;
const LONGEST_SECONDS = 600;

/** Reads the command line; throws a `UsageError` for anything that is not as it should be. */
export function readOutageOptions(words: readonly string[]): OutageOptions {
  const { rounds, seconds, server, fault, other, json } = parse(words);
  const wanted = {
    seconds: seconds.split(",").map((text) => wholeNumber("seconds", text, LONGEST_SECONDS)),
    servers: server.split(",").map((text) => oneOf("server", text, servers)),
    faults: fault.split(",").map((text) => oneOf("fault", text, faults)),
  };
  return {
    rounds: wholeNumber("rounds", rounds, MOST_ROUNDS),
    outages: wanted.seconds.flatMap((length) =>
      wanted.servers.flatMap((who) =>
        wanted.faults.map((what): Outage => ({ server: who, fault: what, seconds: length })),
      ),
    ),
    others: other.map((text) => named("other", text)),
    json,
  };
}

function parse(words: readonly string[]) {
  return parsing(() =>
    parseArgs({
      args: [...words],
      options: {
        rounds: { type: "string", default: "3" },
        seconds: { type: "string", default: "15" },
        server: { type: "string", default: servers.join() },
        fault: { type: "string", default: faults.join() },
        other: { type: "string", multiple: true, default: [] },
        json: { type: "string" },
      },
    }),
  ).values;
}

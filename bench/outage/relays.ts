import { compiled, type Program } from "../candidates.ts";
import type { Named } from "../command-line.ts";
import { plainEnvironment } from "../environment.ts";

/** A relay that goes through outages. */
export interface Relay {
  readonly name: string;
  readonly program: Program;
  /** Whether an outage has to be without loss. */
  readonly isOurs: boolean;
}

/** The product, as fast as a network that lets it and at twenty lines a second, and the others. */
export function relaysBeside(others: readonly Named[]): readonly Relay[] {
  const paced = { IRC_LINE_INTERVAL: "50ms" };
  return [
    { name: "saxbridge, no pacing", program: compiled("irc-relay"), isOurs: true },
    { name: "saxbridge, 50 ms a line", program: compiled("irc-relay", paced), isOurs: true },
    ...others.map(({ name, value }) => ({ name, program: command(value), isOurs: false })),
  ];
}

/** A relay that any command starts. */
function command(line: string): Program {
  return { file: "sh", args: ["-c", `exec ${line}`], env: plainEnvironment };
}

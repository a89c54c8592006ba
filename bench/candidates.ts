import { fileURLToPath } from "node:url";

/** Something that can do the product's jobs: what Node has to run for each. */
export interface Candidate {
  readonly name: "saxbridge" | "raw sockets";
  readonly relay: readonly string[];
  readonly announcer: readonly string[];
}

/** The product as it is deployed, and what the same work costs on bare sockets. */
export const candidates: readonly Candidate[] = [
  {
    name: "raw sockets",
    relay: [path("../results/bench/bench/raw-relay.js")],
    announcer: [path("../results/bench/bench/raw-announcer.js")],
  },
  {
    name: "saxbridge",
    relay: [path("../dist/cli/main.js"), "run", "irc-relay"],
    announcer: [path("../dist/cli/main.js"), "run", "webridge"],
  },
];

function path(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url));
}

import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Named } from "./command-line.ts";
import { type Ends, type Environment, productEnvironment } from "./environment.ts";

/** Something that runs on a stage. */
export interface Program {
  /** What to run; Node when absent. */
  readonly file?: string;
  readonly args: readonly string[];
  /** How it is told of the stage. */
  readonly env: (ends: Ends) => Environment;
}

/** Something that can do the product's jobs, or one of them. */
export interface Candidate {
  readonly name: string;
  readonly relay?: Program;
  readonly announcements?: Program;
}

/** The candidate that all others are compared with. */
export const product = "saxbridge";

/**
 * What the work costs on bare sockets, and what without a disk; compiled programs in other directories;
 * and last the product as it is deployed.
 */
export function candidatesBeside(others: readonly Named[]): readonly Candidate[] {
  return [
    { name: "raw sockets", relay: raw("raw-relay"), announcements: raw("raw-announcer") },
    { name: `${product}-memory`, relay: compiled("irc-relay", { OUTBOX: "memory" }) },
    ...others.map(({ name, value }) => bothJobs(name, resolve(value))),
    bothJobs(product, DIST),
  ];
}

/** One bridge of the compiled program, in a configuration of its own. */
export function compiled(bridge: string, settings: Environment = {}, directory = DIST): Program {
  return {
    args: [join(directory, "cli/main.js"), "run", bridge],
    env: (ends) => ({ ...productEnvironment(ends), ...settings }),
  };
}

const DIST = path("../dist");

function bothJobs(name: string, directory: string): Candidate {
  return {
    name,
    relay: compiled("irc-relay", {}, directory),
    announcements: compiled("webridge", {}, directory),
  };
}

function raw(name: string): Program {
  return { args: [path(`../results/bench/bench/${name}.js`)], env: productEnvironment };
}

function path(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url));
}

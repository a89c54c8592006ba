import type { z } from "zod";
import { bridges } from "../bridges/index.ts";
import { loadEnv } from "../shared/config/load-env.ts";
import {
  ConfigError,
  type Env,
  isConfigured,
  readConfig,
  type Section,
} from "../shared/config/section.ts";
import { general, xmpp } from "../shared/config/sections.ts";
import { unknownVariables } from "../shared/config/unknown-variables.ts";
import type { BridgeEntry } from "../shared/lifecycle/bridge.ts";
import { CommandError } from "./command-error.ts";

/** All that a process needs to know before it starts. */
export interface Configuration {
  readonly general: z.output<typeof general>;
  readonly xmpp: z.output<typeof xmpp>["xmpp"];
  readonly bridges: readonly ConfiguredBridge[];
  /** Sentences about what is set but means nothing. */
  readonly warnings: readonly string[];
}

interface ConfiguredBridge {
  readonly bridge: BridgeEntry;
  /** What the bridge's own section says. */
  readonly config: Record<string, unknown>;
}

const SECTIONS: readonly Section[] = [general, xmpp, ...bridges.map(({ section }) => section)];

/**
 * Reads the configuration of the bridges named, or of all that are configured when none is. Throws one
 * ConfigError with everything that is wrong, and a CommandError when there is nothing to run.
 */
export function readConfiguration(names: readonly string[], env: Env): Configuration {
  const wanted = chooseBridges(names, env);
  const problems: string[] = [];
  const read = <S extends z.ZodObject>(section: S): z.output<S> | undefined => {
    try {
      return readConfig(section, env);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      problems.push(...error.problems);
      return undefined;
    }
  };
  const generalRead = read(general);
  const xmppRead = read(xmpp);
  const bridgesRead = wanted.map((bridge) => ({ bridge, config: read(bridge.section) ?? {} }));
  if (generalRead === undefined || xmppRead === undefined || problems.length > 0) {
    throw new ConfigError(problems);
  }
  return {
    general: generalRead,
    xmpp: xmppRead.xmpp,
    bridges: bridgesRead,
    warnings: unknownVariables(SECTIONS, env).map(({ variable, meant }) =>
      meant === undefined
        ? `${variable} is set but means nothing to saxbridge`
        : `${variable} is set but means nothing to saxbridge: is ${meant} meant?`,
    ),
  };
}

/**
 * The environment of this process together with its .env, or with the file that `--env` names, and with
 * the secrets of these sections.
 */
export function readEnvironment(envFile: string | undefined, sections = SECTIONS): Env {
  return loadEnv({
    env: process.env,
    sections,
    ...(envFile === undefined ? {} : { files: [envFile] }),
  });
}

function chooseBridges(names: readonly string[], env: Env): readonly BridgeEntry[] {
  const known = bridges.map(({ name }) => name).join(", ");
  const named = names.map((name) => {
    const bridge = bridges.find((candidate) => candidate.name === name);
    if (bridge !== undefined) return bridge;
    throw new CommandError(2, `there is no bridge "${name}": there are ${known}`);
  });
  if (named.length > 0) return named;
  const configured = bridges.filter(({ section }) => isConfigured(section, env));
  if (configured.length > 0) return configured;
  throw new CommandError(
    78,
    "nothing is configured: copy .env.example to .env and set XMPP_DOMAIN and the variables of webridge or irc-relay there\n" +
      "To see everything at work first: npm run demo",
  );
}

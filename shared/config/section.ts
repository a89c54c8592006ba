import { z } from "zod";

/**
 * A section is a zod object whose leaves read text and carry `.meta({ description, example? })`. The
 * environment variable of a leaf is its path in capitals: `xmpp.roomJid` is read from `XMPP_ROOM_JID`.
 * Nothing is spelled twice.
 */
export type Section = z.ZodObject;

/** An environment: variables and their texts. An empty text counts as not set. */
export type Env = Readonly<Record<string, string | undefined>>;

/** One variable, with all that a reader of the documentation wants to know of it. */
export interface Setting {
  readonly variable: string;
  readonly description: string;
  readonly example?: string;
  /** The text that stands in when the variable is not set. */
  readonly standard?: string;
  readonly required: boolean;
  readonly secret: boolean;
}

/** What an administrator has to mend before the program can run: it leads to exit code 78. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  /** One sentence for each thing to mend; each names its variable or file. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`Cannot read the configuration:\n${problems.map((text) => `  ${text}`).join("\n")}`);
    this.problems = problems;
  }
}

/**
 * The typed configuration that an environment gives. Throws a ConfigError that names every wrong
 * variable at once and what it should be; the value of a secret is never part of it.
 */
export function readConfig<S extends Section>(section: S, env: Env): z.output<S> {
  const result = z.safeParse(section, texts(section, env));
  if (result.success) return result.data;
  const known = new Map(settings(section).map((setting) => [setting.variable, setting]));
  const problems = result.error.issues.map((issue) => {
    const variable = variableName(issue.path.map(String));
    const setting = known.get(variable);
    // zod knows an absent text only as one of the wrong type; our own checks report "custom".
    return setting !== undefined && issue.code === "invalid_type"
      ? notSet(setting)
      : `${variable} ${issue.message}`;
  });
  throw new ConfigError(problems);
}

/** True when anything of the section is set: somebody wants it, so it has to be complete. */
export function isConfigured(section: Section, env: Env): boolean {
  return settings(section).some(({ variable }) => textOf(env, variable) !== undefined);
}

/** Every variable of a section, in the order of the schema. */
export function settings(section: Section, path: readonly string[] = []): readonly Setting[] {
  return members(section).flatMap(([key, schema]) => {
    const here = [...path, key];
    return schema instanceof z.ZodObject ? settings(schema, here) : [settingOf(schema, here)];
  });
}

/** The environment variable of a path: `["irc", "tlsCa"]` is `IRC_TLS_CA`. */
export function variableName(path: readonly string[]): string {
  return path.map((key) => key.replaceAll(/[A-Z]/g, "_$&").toUpperCase()).join("_");
}

/** For a check across several members: holds it back while one of them is wrong by itself. */
export function whenRight(...keys: readonly string[]): (payload: z.core.ParsePayload) => boolean {
  return ({ issues }) => !issues.some(({ path }) => keys.includes(String(path?.[0])));
}

/** The members of a section with the type that zod's loose shape has lost. */
export function members(section: Section): readonly (readonly [string, z.ZodType])[] {
  return Object.entries<z.ZodType>(section.shape);
}

function texts(section: Section, env: Env, path: readonly string[] = []): Record<string, unknown> {
  const read = ([key, schema]: readonly [string, z.ZodType]) => {
    const here = [...path, key];
    const value =
      schema instanceof z.ZodObject ? texts(schema, env, here) : textOf(env, variableName(here));
    return [key, value] as const;
  };
  return Object.fromEntries(members(section).map(read));
}

function textOf(env: Env, variable: string): string | undefined {
  return env[variable] === "" ? undefined : env[variable];
}

function settingOf(schema: z.ZodType, path: readonly string[]): Setting {
  const { description = "", example } = schema.meta() ?? {};
  const standard = standardOf(schema);
  return {
    variable: variableName(path),
    description,
    required: !schema.safeParse(undefined).success,
    secret: isSecret(schema),
    ...(typeof example === "string" && { example }),
    ...(standard !== undefined && { standard }),
  };
}

function standardOf(schema: z.ZodType): string | undefined {
  return schema instanceof z.ZodPrefault ? String(schema.def.defaultValue) : undefined;
}

function isSecret(schema: z.ZodType): boolean {
  const bare = schema instanceof z.ZodOptional ? schema.unwrap() : schema;
  return z.globalRegistry.get(bare)?.["secret"] === true;
}

function notSet({ variable, description, example, secret }: Setting): string {
  const what = `${variable} is not set: ${description.replace(/\.$/, "")}`;
  if (secret) return `${what}, here or in a file that ${variable}_FILE names`;
  return example === undefined ? what : `${what}, for example ${example}`;
}

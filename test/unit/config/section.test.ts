import * as fc from "fast-check";
import { expect, test } from "vitest";
import { z } from "zod";
import { secret } from "../../../shared/config/secret.ts";
import {
  ConfigError,
  type Env,
  isConfigured,
  readConfig,
  type Section,
  settings,
  variableName,
  whenRight,
} from "../../../shared/config/section.ts";
import { duration, wholeNumber } from "../../../shared/config/types.ts";

const hook = z.object({
  hook: z
    .object({
      lowPort: wholeNumber({ min: 1, max: 9 }).meta({ description: "First port.", example: "7" }),
      highPort: wholeNumber({ min: 1, max: 9 }).prefault("9").meta({ description: "Last port." }),
      token: secret().meta({ description: "Token of the caller." }),
      timeout: duration().optional().meta({ description: "How long to wait." }),
    })
    .refine(({ lowPort, highPort }) => lowPort <= highPort, {
      path: ["highPort"],
      error: "should not be below HOOK_LOW_PORT",
      when: whenRight("lowPort", "highPort"),
    }),
});

test("variableName() writes a path in capitals", () => {
  expect(variableName(["xmpp", "roomJid"])).toBe("XMPP_ROOM_JID");
  expect(variableName(["stateDirectory"])).toBe("STATE_DIRECTORY");
});

test("settings() tells of every variable what documentation needs", () => {
  expect(settings(hook)).toEqual([
    {
      variable: "HOOK_LOW_PORT",
      description: "First port.",
      example: "7",
      required: true,
      secret: false,
    },
    {
      variable: "HOOK_HIGH_PORT",
      description: "Last port.",
      standard: "9",
      required: false,
      secret: false,
    },
    {
      variable: "HOOK_TOKEN",
      description: "Token of the caller.",
      required: true,
      secret: true,
    },
    {
      variable: "HOOK_TIMEOUT",
      description: "How long to wait.",
      required: false,
      secret: false,
    },
  ]);
});

test("settings() knows an optional secret for a secret", () => {
  const section = z.object({ token: secret().optional().meta({ description: "Token." }) });
  expect(settings(section)).toMatchObject([{ variable: "TOKEN", required: false, secret: true }]);
});

test("readConfig() gives typed values and defaults", () => {
  const config = readConfig(hook, { HOOK_LOW_PORT: "3", HOOK_TOKEN: "t", HOOK_TIMEOUT: "5m" });
  expect(config.hook).toMatchObject({ lowPort: 3, highPort: 9, timeout: 300_000 });
  expect(config.hook.token.reveal()).toBe("t");
});

test("readConfig() names every wrong variable at once, and what it should be", () => {
  const env = { HOOK_HIGH_PORT: "ten", HOOK_TIMEOUT: "soon" };
  expect(problemsOf(hook, env)).toEqual([
    "HOOK_LOW_PORT is not set: First port, for example 7",
    'HOOK_HIGH_PORT should be a whole number from 1 to 9, not "ten"',
    "HOOK_TOKEN is not set: Token of the caller, here or in a file that HOOK_TOKEN_FILE names",
    'HOOK_TIMEOUT should be a duration such as 30s or 5m, at most 24d, not "soon"',
  ]);
});

test("readConfig() takes an empty variable for one that is not set", () => {
  const env = { HOOK_LOW_PORT: "", HOOK_HIGH_PORT: "", HOOK_TOKEN: "t" };
  expect(problemsOf(hook, env)).toEqual(["HOOK_LOW_PORT is not set: First port, for example 7"]);
});

test("readConfig() checks members against each other even when another is wrong", () => {
  const env = { HOOK_LOW_PORT: "5", HOOK_HIGH_PORT: "4", HOOK_TIMEOUT: "soon", HOOK_TOKEN: "t" };
  expect(problemsOf(hook, env)).toHaveLength(2);
  expect(problemsOf(hook, env)).toContain("HOOK_HIGH_PORT should not be below HOOK_LOW_PORT");
});

test("readConfig() holds a check back while one of its members is wrong", () => {
  const env = { HOOK_LOW_PORT: "5", HOOK_HIGH_PORT: "x", HOOK_TOKEN: "t" };
  expect(problemsOf(hook, env)).toEqual([
    'HOOK_HIGH_PORT should be a whole number from 1 to 9, not "x"',
  ]);
});

test("readConfig() never puts a secret into an error", () => {
  const wrong = fc
    .tuple(fc.string({ minLength: 8 }), fc.constantFrom("\n", "\0", "\u001b"))
    .map(([text, control]) => `${text}${control}secret-tail`);
  fc.assert(
    fc.property(wrong, (token) => {
      const problems = problemsOf(hook, { HOOK_LOW_PORT: "1", HOOK_TOKEN: token });
      expect(problems).toEqual(["HOOK_TOKEN should be one line without control characters"]);
    }),
  );
});

test("ConfigError shows all problems, one to a line", () => {
  const error = new ConfigError(["A should be b", "C is not set"]);
  expect(error.message).toBe("Cannot read the configuration:\n  A should be b\n  C is not set");
  expect(error.problems).toEqual(["A should be b", "C is not set"]);
});

test("isConfigured() asks whether anything of the section is set", () => {
  expect(isConfigured(hook, {})).toBe(false);
  expect(isConfigured(hook, { HOOK_TOKEN: "", OTHER: "x" })).toBe(false);
  expect(isConfigured(hook, { HOOK_TIMEOUT: "1s" })).toBe(true);
});

function problemsOf(section: Section, env: Env): readonly string[] {
  try {
    readConfig(section, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

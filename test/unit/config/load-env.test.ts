import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { loadEnv } from "../../../shared/config/load-env.ts";
import { secret } from "../../../shared/config/secret.ts";
import { ConfigError, type Env } from "../../../shared/config/section.ts";
import { oneLine } from "../../../shared/config/types.ts";

const section = z.object({
  name: oneLine().meta({ description: "Name." }),
  token: secret().meta({ description: "Token." }),
});

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "saxbridge-env-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

test("loadEnv() reads files in order, and the real environment wins", () => {
  const files = [file("first.env", "A=1\nB=1\nC=1\n"), file("second.env", 'B=2\nC="two words"\n')];
  const env = load({ C: "3", PATH: "/bin" }, files);
  expect(env).toMatchObject({ A: "1", B: "2", C: "3", PATH: "/bin" });
});

test("loadEnv() lets no empty variable hide the one in a file", () => {
  expect(load({ NAME: "" }, [file("name.env", "NAME=sax\n")])["NAME"]).toBe("sax");
});

test("loadEnv() leaves the real environment as it was", () => {
  const env = Object.freeze({ TOKEN_FILE: file("frozen", "t") });
  expect(load(env)["TOKEN"]).toBe("t");
  expect(env).not.toHaveProperty("TOKEN");
});

test("loadEnv() names every file that it cannot read", () => {
  const missing = join(folder, "missing.env");
  const problems = problemsOf({ TOKEN_FILE: missing }, [missing, folder]);
  expect(problems).toEqual([
    `Cannot read ${missing}: there is no such file`,
    `Cannot read ${folder}: it is a directory`,
    `TOKEN cannot be read from ${missing}: there is no such file`,
  ]);
});

test.each([
  ["a line break at the end", "p#q word\n", "p#q word"],
  ["a line break of Windows", "p#q word\r\n", "p#q word"],
  ["no line break", "p#q word", "p#q word"],
  ["two line breaks, of which one counts", "p#q word\n\n", "p#q word\n"],
])("loadEnv() takes a secret from a file with %s", (_name, content, value) => {
  expect(load({ TOKEN_FILE: file("token", content) })["TOKEN"]).toBe(value);
});

test("loadEnv() takes a secret from a file that a .env file names", () => {
  const files = [file("names.env", `TOKEN_FILE=${file("named", "t\n")}\n`)];
  expect(load({}, files)["TOKEN"]).toBe("t");
});

test("loadEnv() takes _FILE for secrets only", () => {
  expect(load({ NAME_FILE: file("name", "sax") })["NAME"]).toBeUndefined();
});

test("loadEnv() refuses a secret that is given twice", () => {
  expect(problemsOf({ TOKEN: "hunter2", TOKEN_FILE: file("twice", "t") })).toEqual([
    "TOKEN and TOKEN_FILE are both set: remove one of them",
  ]);
});

test("loadEnv() takes a secret from the credentials of systemd, unless it is set", () => {
  const upper = { CREDENTIALS_DIRECTORY: directory("upper", "TOKEN", "t\n") };
  const lower = { CREDENTIALS_DIRECTORY: directory("lower", "token", "t\n") };
  const other = { CREDENTIALS_DIRECTORY: directory("other", "password", "t\n") };
  expect(load(upper)["TOKEN"]).toBe("t");
  expect(load(lower)["TOKEN"]).toBe("t");
  expect(load(other)["TOKEN"]).toBeUndefined();
  expect(load({ ...upper, TOKEN: "set" })["TOKEN"]).toBe("set");
  expect(load({ ...upper, TOKEN_FILE: file("stronger", "file") })["TOKEN"]).toBe("file");
});

test.each(["p#q", "#channel=room", " p#q", "p q#r"])(
  "loadEnv() refuses %j without quotes, which would be cut at #",
  (value) => {
    const env = file("cut.env", `OTHER=1\nTOKEN=${value}\n`);
    expect(problemsOf({}, [env])).toEqual([
      `TOKEN in ${env} is cut at #: put its value in double quotes`,
    ]);
  },
);

test.each([
  ['"p#q"', "p#q"],
  ["'p#q'", "p#q"],
  ["p # a comment", "p"],
  ["p # see issue#3", "p"],
  ["# a comment", undefined],
  [" # a comment", undefined],
])("loadEnv() takes %j as dotenv means it", (text, value) => {
  expect(load({}, [file("whole.env", `TOKEN=${text}\n`)])["TOKEN"]).toBe(value);
});

function load(env: Env, files: readonly string[] = []): Env {
  return loadEnv({ env, files, sections: [section] });
}

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

function directory(name: string, entry: string, content: string): string {
  const path = mkdtempSync(join(folder, name));
  writeFileSync(join(path, entry), content);
  return path;
}

function problemsOf(env: Env, files: readonly string[] = []): readonly string[] {
  try {
    load(env, files);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, test } from "vitest";

/** Source texts by their paths from the root of the project. */
type Tree = Readonly<Record<string, string>>;

type Tier = "pure" | "service" | "edge" | "bridge" | "start";

/**
 * The files that touch the world: only these import Node's modules and libraries that do. A new one
 * is put here on purpose, with what it is the only place for.
 */
const EDGES: ReadonlySet<string> = new Set([
  "shared/config/load-env.ts", // .env files and secrets
  "shared/config/pem.ts", // certificate files
  "shared/http/question-server.ts", // HTTP servers
  "shared/irc/connection.ts", // irc-framework
  "shared/irc/transport.ts", // sockets to IRC servers
  "shared/lifecycle/sd-notify.ts", // the service manager
  "shared/observe/line-writer.ts", // stderr
  "shared/observe/log.ts", // pino
  "shared/observe/prometheus.ts", // prom-client, what the process uses
  "shared/outbox/claim.ts", // SQLite: a lock
  "shared/outbox/disk-error.ts", // SQLite: what it throws
  "shared/outbox/disk-writer.ts", // timers
  "shared/outbox/disk.ts", // SQLite: the file, fsync
  "shared/outbox/fingerprint.ts", // node:crypto
  "shared/outbox/planned.ts", // timers
  "shared/outbox/private-file.ts", // files
  "shared/outbox/read-trail.ts", // SQLite
  "shared/outbox/schema.ts", // SQLite
  "shared/outbox/set-aside.ts", // files
  "shared/outbox/sqlite-outbox.ts", // files
  "shared/outbox/tables.ts", // SQLite
  "shared/outbox/trail-table.ts", // SQLite
  "shared/outbox/write-ahead-log.ts", // SQLite, fsync
  "shared/xmpp/connection.ts", // timers of a stream, WebSocket
  "shared/xmpp/library-client.ts", // @xmpp/client
  "shared/xmpp/library-login.ts", // what @xmpp/client logs in with
  "shared/xmpp/library-transports.ts", // what @xmpp/client connects with: node:tls, ws
  "shared/xmpp/sasl.ts", // node:crypto
  "shared/xmpp/services.ts", // DNS
]);
const EDGE_FOLDERS = ["shared/unix/"];

const PURE = /^shared\/text\/|\/wire\/|\/(?:parse|format|backoff)\.ts$|^shared\/message\.ts$/;

function tierOf(file: string): Tier {
  if (file.startsWith("cli/") || file === "bridges/index.ts") return "start";
  if (EDGES.has(file) || EDGE_FOLDERS.some((folder) => file.startsWith(folder))) return "edge";
  if (PURE.test(file)) return "pure";
  return file.startsWith("bridges/") ? "bridge" : "service";
}

const MAY_IMPORT: Readonly<Record<Tier, readonly Tier[]>> = {
  pure: ["pure"],
  service: ["pure", "service"],
  edge: ["pure", "service", "edge"],
  bridge: ["pure", "service", "edge", "bridge"],
  start: ["pure", "service", "edge", "bridge", "start"],
};

/** Packages that only compute: every tier may use them. */
const PURE_PACKAGES = ["zod"];
const TOUCHES_WORLD: readonly Tier[] = ["edge", "start"];

/** What a program finds lying about without importing it. */
const WORLD =
  /\b(?:process|Buffer|console|performance|fetch|crypto|WebSocket|setTimeout|setInterval|setImmediate)\b(?=[.(])|\bnew Date\(\)|\bDate\.now\b|\bMath\.random\b/g;
/** The source of time and chance for all others. */
const CLOCK = "shared/clock.ts";

/** Every breach of the tiers, as `file -> what it must not reach`. */
function breaches(tree: Tree): string[] {
  return Object.entries(tree).flatMap(([file, source]) => {
    const code = withoutComments(source);
    const imports = importsOf(file, code).filter((target) => !mayImport(file, target));
    return [...imports, ...worldIn(file, code)].map((target) => `${file} -> ${target}`);
  });
}

function mayImport(file: string, target: string): boolean {
  const tier = tierOf(file);
  if (!isOurs(target)) return PURE_PACKAGES.includes(target) || TOUCHES_WORLD.includes(tier);
  const home = bridgeOf(target);
  if (tier !== "start" && home !== undefined && home !== bridgeOf(file)) return false;
  return MAY_IMPORT[tier].includes(tierOf(target));
}

function worldIn(file: string, code: string): readonly string[] {
  if (TOUCHES_WORLD.includes(tierOf(file)) || file === CLOCK) return [];
  return code.match(WORLD) ?? [];
}

function isOurs(target: string): boolean {
  return /^(?:shared|bridges|cli)\//.test(target);
}

function bridgeOf(file: string): string | undefined {
  return /^bridges\/([^/]+)\//.exec(file)?.[1];
}

/** Paths from the root for our own files, names for everything else; types count like values. */
function importsOf(file: string, code: string): string[] {
  const targets = code.matchAll(/\b(?:from\s+|import\s*\(?\s*)"([^"\s]+)"/g);
  return [...targets].map(([, target = ""]) =>
    target.startsWith(".") ? normalize(join(dirname(file), target)) : target,
  );
}

function withoutComments(source: string): string {
  return source.replace(/\/\*.*?\*\//gs, "").replace(/(?<!:)\/\/.*$/gm, "");
}

function readTree(): Tree {
  const root = join(import.meta.dirname, "../..");
  const names = ["shared", "bridges", "cli"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      // A .d.ts says what a library looks like, and is not part of the program.
      .filter((name) => name.endsWith(".ts") && !name.endsWith(".d.ts"))
      .map((name) => join(folder, name)),
  );
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(root, name), "utf8")]));
}

describe("the tiers of the house", () => {
  const tree = readTree();

  test("no file reaches above its tier, into another bridge, or for the world without being an edge", () => {
    expect(breaches(tree)).toEqual([]);
  });

  test("every edge that is listed exists, and there are files of every tier", () => {
    const files = Object.keys(tree);
    expect([...EDGES].filter((edge) => !files.includes(edge))).toEqual([]);
    expect(new Set(files.map(tierOf))).toEqual(new Set(Object.keys(MAY_IMPORT)));
  });
});

describe("breaches()", () => {
  test.each([
    ["a pure room that reads the clock", "shared/text/a.ts", "../clock.ts", "shared/clock.ts"],
    ["a pure room that reads a file", "shared/irc/wire/a.ts", "node:fs", "node:fs"],
    [
      "a reader that knows a service",
      "bridges/x/parse.ts",
      "../../shared/xmpp/room.ts",
      "shared/xmpp/room.ts",
    ],
    ["a service that opens a socket", "shared/outbox/a.ts", "node:net", "node:net"],
    ["a service that knows a library", "shared/xmpp/room.ts", "@xmpp/client", "@xmpp/client"],
    [
      "a service that knows an edge",
      "shared/outbox/drain.ts",
      "./sqlite-outbox.ts",
      "shared/outbox/sqlite-outbox.ts",
    ],
    ["a bridge that logs by itself", "bridges/x/bridge.ts", "pino", "pino"],
    [
      "shared code that knows a bridge",
      "shared/a.ts",
      "../bridges/x/format.ts",
      "bridges/x/format.ts",
    ],
    [
      "an edge that knows a bridge",
      "shared/unix/a.ts",
      "../../bridges/index.ts",
      "bridges/index.ts",
    ],
    ["a bridge that knows another", "bridges/x/bridge.ts", "../y/format.ts", "bridges/y/format.ts"],
    [
      "a bridge that knows the list of bridges",
      "bridges/x/a.ts",
      "../index.ts",
      "bridges/index.ts",
    ],
    ["a bridge that knows the command line", "bridges/x/a.ts", "../../cli/run.ts", "cli/run.ts"],
    ["a bridge that knows what was built", "bridges/x/a.ts", "../../dist/a.js", "dist/a.js"],
  ])("finds %s, however it is imported", (_, file, specifier, target) => {
    for (const statement of [
      `import { a } from "${specifier}";`,
      `import {\n  type A,\n  b,\n} from "${specifier}";`,
      `import type { A } from "${specifier}";`,
      `import "${specifier}";`,
      `export { a } from "${specifier}";`,
      `const a = await import("${specifier}");`,
    ]) {
      expect(breaches({ [file]: statement })).toEqual([`${file} -> ${target}`]);
    }
  });

  test.each([
    ["Date.now", "const at = Date.now();"],
    ["Math.random", "const chance = Math.random();"],
    ["new Date()", "const now = new Date();"],
    ["setTimeout", "setTimeout(() => {}, 5);"],
    ["process", "const { env } = process.constructor;"],
    ["console", 'console.log("here");'],
  ])("finds %s outside the edges", (global, source) => {
    for (const file of ["shared/text/a.ts", "shared/outbox/drain.ts", "bridges/x/bridge.ts"]) {
      expect(breaches({ [file]: source })).toEqual([`${file} -> ${global}`]);
    }
    expect(breaches({ "shared/unix/a.ts": source, "cli/a.ts": source })).toEqual([]);
  });

  test("lets pass what each tier is for", () => {
    expect(
      breaches({
        "shared/text/a.ts": 'import { b } from "./b.ts";',
        "shared/xmpp/wire/a.ts": 'import { shorten } from "../../text/split.ts";',
        "bridges/x/parse.ts": 'import { z } from "zod";',
        "shared/outbox/drain.ts": 'import type { Clock } from "../clock.ts";',
        "shared/unix/a.ts": 'import { createSocket } from "unix-dgram";',
        "bridges/x/bridge.ts": 'import { a } from "../../shared/xmpp/connection.ts";',
        "bridges/index.ts": 'import { x } from "./x/bridge.ts";',
        "cli/run.ts": 'import { join } from "node:path";',
      }),
    ).toEqual([]);
  });

  test("takes no comment for code", () => {
    const source = '// import "node:fs";\n/* Date.now() */\n/** See {@link process.env}. */\n';
    expect(breaches({ "shared/text/a.ts": source })).toEqual([]);
  });
});

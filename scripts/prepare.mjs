// Makes a fresh checkout ready to run: what the system lacks, npm's packages, the compiled program.
// Plain JavaScript without dependencies, because it runs before there are any.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ensurePackages } from "./install-packages.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/** What the native addons are compiled with. */
const COMPILER = ["python3", "make", "g++"];

/**
 * Installs what is missing and compiles what is stale, with a line for each step that takes long.
 * Ends the process with a sentence when a step fails.
 *
 * @param {{ packages?: readonly string[], build?: boolean }} wanted
 */
export function prepare({ packages = [], build = true } = {}) {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    fail(`Node ${process.versions.node} is too old: saxbridge needs 20.19 or later`);
  }
  const fresh = isStale("node_modules/.package-lock.json", ["package-lock.json"]);
  ensurePackages([...(fresh ? COMPILER : []), ...packages]);
  if (fresh) {
    step("Installing npm packages and compiling two of them (1 to 3 minutes)");
    runNpm(["ci", "--no-progress", "--loglevel=error"]);
  }
  if (build && isStale("dist/cli/main.js", ["bridges", "shared", "cli", "package-lock.json"])) {
    step("Compiling saxbridge");
    runNpm(["run", "--silent", "build"]);
  }
}

/** @param {string} message */
function step(message) {
  process.stderr.write(`${message} ...\n`);
}

/** @param {string} message @returns {never} */
function fail(message) {
  process.stderr.write(`saxbridge: ${message}\n`);
  process.exit(69);
}

/** @param {readonly string[]} words */
function runNpm(words) {
  const { status } = spawnSync("npm", [...words], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, ...headersOfNode() },
  });
  if (status !== 0) fail(`"npm ${words.join(" ")}" failed: see its last lines above`);
}

/** Node's own headers, where they lie beside it: then no addon has to fetch them. */
function headersOfNode() {
  const prefix = join(dirname(process.execPath), "..");
  return existsSync(join(prefix, "include/node/node.h")) ? { npm_config_nodedir: prefix } : {};
}

/**
 * True when the product is missing or older than anything it is made from.
 *
 * @param {string} product
 * @param {readonly string[]} sources
 */
function isStale(product, sources) {
  const made = changedAt(join(root, product));
  return made === 0 || sources.some((source) => newest(join(root, source)) > made);
}

/** @param {string} path @returns {number} */
function newest(path) {
  if (!existsSync(path) || !statSync(path).isDirectory()) return changedAt(path);
  const inside = readdirSync(path).map((name) => newest(join(path, name)));
  return Math.max(0, ...inside);
}

/** @param {string} path */
function changedAt(path) {
  return existsSync(path) ? statSync(path).mtimeMs : 0;
}

// Makes a fresh checkout ready to run: what the system lacks, npm's packages, the compiled program.
// Plain JavaScript without dependencies, because it runs before there are any.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ensurePackages } from "./install-packages.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/** What the native addons are compiled with. */
const COMPILER = ["python3", "make", "g++"];

// Not "npm ci", which insists that the lock file lists the optional binaries of every platform. Without
// --save npm takes what the lock file says as well, and changes nothing in it.
const INSTALL = "install --no-save --no-progress --loglevel=error";

// npm install takes five minutes to find out that there is no network; this asks for one page, once.
const PROBE = "view zod version --loglevel=error --fetch-retries=0 --fetch-timeout=20000";

/** The npm packages that are compiled on this machine. */
const ADDONS = ["better-sqlite3", "unix-dgram"];

const REBUILD = `rebuild --loglevel=error ${ADDONS.join(" ")}`;

/** EX_UNAVAILABLE of sysexits.h. */
const UNAVAILABLE = 69;

/** A step that takes longer says so as often as this, in milliseconds. */
const SIGN_OF_LIFE = 10_000;

/** As many bytes of npm's last words are kept to find out what went wrong. */
const LAST_WORDS = 10_000;

/**
 * Installs what is missing and compiles what is stale, with a line for each step that takes long.
 * Ends the process with a sentence when a step fails.
 *
 * @param {{ packages?: readonly string[] }} wanted Debian packages that are needed besides the compiler.
 */
export async function prepare({ packages = [] } = {}) {
  refuseOldNode();
  const isBare = isStale("node_modules/.package-lock.json", ["package-lock.json"]);
  const lacksAddons = isBare || !hasAddons();
  ensurePackages([...(lacksAddons ? COMPILER : []), ...packages]);
  if (isBare) {
    await runNpm("Looking for the npm registry", PROBE);
    await runNpm("Installing npm packages and compiling two of them (1 to 3 minutes)", INSTALL);
  }
  if (lacksAddons && !hasAddons()) {
    await runNpm(`Compiling ${ADDONS.join(" and ")} (1 to 2 minutes)`, REBUILD);
  }
  if (isStale("dist/cli/main.js", ["bridges", "shared", "cli", "tsconfig.build.json"])) {
    await runNpm("Compiling saxbridge", "run --silent build");
  }
}

function refuseOldNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  giveUp(`Node ${process.versions.node} is too old: saxbridge needs 20.19 or later`);
}

/**
 * Whether the addons can be loaded by this Node. npm takes an install that was interrupted while it
 * compiled for complete, and does not notice another version of Node.
 */
function hasAddons() {
  const load = 'require("unix-dgram"); new (require("better-sqlite3"))(":memory:")';
  return spawnSync(process.execPath, ["-e", load], { cwd: root, stdio: "ignore" }).status === 0;
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

/**
 * Runs npm with these words, and says every few seconds that it still does.
 *
 * @param {string} step
 * @param {string} words
 */
async function runNpm(step, words) {
  say(`${step} ...`);
  const npm = spawn("npm", words.split(" "), {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...headersOfNode() },
  });
  const keepSignals = passOnSignals(npm);
  let output = "";
  const keep = (/** @type {Buffer} */ chunk) => {
    output = (output + chunk.toString()).slice(-LAST_WORDS);
  };
  npm.stdout.on("data", keep);
  npm.stderr.on("data", keep);
  const start = Date.now();
  const signs = setInterval(() => {
    say(`  still at it after ${Math.round((Date.now() - start) / 1_000)} s ...`);
  }, SIGN_OF_LIFE);
  const failure = await new Promise((resolve) => {
    npm.once("error", (error) => resolve(error.message));
    npm.once("close", (code) => resolve(code === 0 ? undefined : `exit code ${code}`));
  });
  clearInterval(signs);
  keepSignals();
  if (failure !== undefined) explain(`npm ${words}`, failure, output);
}

/**
 * npm must not go on without us.
 *
 * @param {import("node:child_process").ChildProcess} npm
 */
function passOnSignals(npm) {
  const stop = (/** @type {NodeJS.Signals} */ signal) => {
    npm.kill(signal);
    process.exit(130);
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  return () => {
    process.off("SIGINT", stop);
    process.off("SIGTERM", stop);
  };
}

/** Node's own headers, where they lie beside it: then no addon has to fetch them. */
function headersOfNode() {
  const prefix = join(dirname(process.execPath), "..");
  return existsSync(join(prefix, "include/node/node.h")) ? { npm_config_nodedir: prefix } : {};
}

const NO_NETWORK = /\b(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH)\b/;
const NO_RIGHTS = /\b(?:EACCES|EPERM|EROFS)\b/;

/**
 * @param {string} command
 * @param {string} failure
 * @param {string} output
 * @returns {never}
 */
function explain(command, failure, output) {
  if (NO_NETWORK.test(output)) {
    giveUp("Cannot install npm packages: the registry cannot be reached (is there a network?)");
  }
  if (NO_RIGHTS.test(output)) {
    const [, path = root] = /^npm error path (.+)$/m.exec(output) ?? [];
    giveUp(`Cannot write to ${path}: run this as the user that it belongs to`);
  }
  process.stderr.write(output);
  giveUp(`"${command}" failed with ${failure}: see its last words above`);
}

/** @param {string} message @returns {never} */
function giveUp(message) {
  say(`saxbridge: ${message}`);
  process.exit(UNAVAILABLE);
}

/** @param {string} line */
function say(line) {
  process.stderr.write(`${line}\n`);
}

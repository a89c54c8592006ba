// node scripts/install-packages.mjs PACKAGE...: installs what the system lacks, and starts none of it.
// Plain JavaScript without dependencies, because it runs before there are any.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The program that shows that a package is there, where it is not called like the package. */
const PROGRAMS = /** @type {Readonly<Record<string, string>>} */ ({
  ejabberd: "ejabberdctl",
  "php-cli": "php",
  systemd: "systemd-socket-activate",
});

/** EX_UNAVAILABLE of sysexits.h. */
const UNAVAILABLE = 69;

/** What install-packages.sh exits with when there is no network. */
const NO_NETWORK = 75;

/**
 * Makes sure that the programs of these Debian packages are installed. Returns at once when they are;
 * else installs the missing ones as root, directly or by sudo. Servers among them are neither started
 * nor enabled, and what was installed before is not touched. Where that cannot be done, one sentence
 * says what to install by hand, and the process ends with 69.
 *
 * @param {readonly string[]} packages
 */
export function ensurePackages(packages) {
  const missing = packages.filter((name) => !isInstalled(name));
  if (missing.length === 0) return;
  if (!isProgram("apt-get")) giveUp(missing, "this system has no apt-get");
  const asRoot = rootCommand(missing);
  const script = fileURLToPath(new URL("install-packages.sh", import.meta.url));
  const [command = "sh", ...args] = [...asRoot, "sh", script, ...missing];
  process.on("SIGINT", waitForScript);
  const { status } = spawnSync(command, args, { stdio: "inherit" });
  process.off("SIGINT", waitForScript);
  if (status === 130) process.exit(130);
  if (status === NO_NETWORK) {
    giveUp(missing, "the package servers cannot be reached (is there a network?)");
  }
  const stillMissing = missing.filter((name) => !isInstalled(name));
  if (stillMissing.length > 0) giveUp(stillMissing, "apt-get did not install them (see above)");
}

/** Ctrl-C ends the script, which tidies up before it goes. */
function waitForScript() {}

/**
 * What to put before a command so that root runs it.
 *
 * @param {readonly string[]} missing
 * @returns {readonly string[]}
 */
function rootCommand(missing) {
  if (process.getuid?.() === 0) return [];
  if (!isProgram("sudo")) giveUp(missing, "that takes root, and there is no sudo");
  if (spawnSync("sudo", ["-n", "true"], { stdio: "ignore" }).status === 0) return ["sudo", "-n"];
  if (!process.stdin.isTTY) giveUp(missing, "that takes root, and sudo wants a password");
  process.stderr.write(`sudo asks for your password to install ${missing.join(", ")}\n`);
  return ["sudo"];
}

/** @param {string} name */
function isInstalled(name) {
  return isProgram(PROGRAMS[name] ?? name);
}

/** @param {string} program */
function isProgram(program) {
  // Servers live in /usr/sbin, which an ordinary user has not in PATH.
  const folders = [
    ...(process.env["PATH"] ?? "").split(delimiter),
    "/usr/bin",
    "/usr/sbin",
    "/sbin",
  ];
  return folders.some((folder) => existsSync(join(folder, program)));
}

/**
 * @param {readonly string[]} missing
 * @param {string} why
 * @returns {never}
 */
function giveUp(missing, why) {
  const names = missing.join(", ");
  process.stderr.write(
    `saxbridge: Cannot install ${names}: ${why}; install what these Debian packages hold and try again\n`,
  );
  process.exit(UNAVAILABLE);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) ensurePackages(process.argv.slice(2));

import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { CommandError } from "../command-error.ts";

/** The Debian package of a program that is not called like it. */
const PACKAGES: Readonly<Record<string, string>> = { php: "php-cli" };

/** Throws a CommandError that names the Debian packages of all programs that are not there. */
export function requirePrograms(programs: readonly string[]): void {
  const missing = programs.filter((program) => !isInstalled(program));
  if (missing.length === 0) return;
  const packages = missing.map((program) => PACKAGES[program] ?? program).join(", ");
  throw new CommandError(
    69,
    `Cannot start the demo: ${missing.join(", ")} not found; "npm run demo" installs what is missing (${packages})`,
  );
}

function isInstalled(program: string): boolean {
  // Servers live in /usr/sbin, which an ordinary user has not in PATH.
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/sbin"];
  return folders.some((folder) => existsSync(join(folder, program)));
}

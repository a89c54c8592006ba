import { execFile } from "node:child_process";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const ROOT = new URL("../..", import.meta.url).pathname;
const SOURCES = [
  "bridges",
  "shared",
  "cli",
  "package.json",
  "tsconfig.json",
  "tsconfig.build.json",
];
const PRODUCT = "dist/cli/main.js";

/**
 * Compiles the product before the integration tests, which run it as it is installed, unless it is
 * newer than all its sources. Rejects with what the compiler says.
 */
export async function setup(): Promise<void> {
  const newest = Math.max(
    ...(await Promise.all(SOURCES.map((path) => changedAt(join(ROOT, path))))),
  );
  const built = await changedAt(join(ROOT, PRODUCT)).catch(() => 0);
  if (built > newest) return;
  await promisify(execFile)("npm", ["run", "--silent", "build"], { cwd: ROOT }).catch((error) => {
    throw new Error(`Cannot build the product:\n${error.stdout}`, { cause: error });
  });
}

/** When a file, or any file in a directory, was changed last; in milliseconds since 1970. */
async function changedAt(path: string): Promise<number> {
  const stats = await stat(path);
  if (!stats.isDirectory()) return stats.mtimeMs;
  const entries = await readdir(path, { recursive: true });
  const times = await Promise.all(
    entries.map(async (entry) => (await stat(join(path, entry))).mtimeMs),
  );
  return Math.max(...times);
}

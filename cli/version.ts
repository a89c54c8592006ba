import { readFileSync } from "node:fs";

/** The version of this package, as its package.json says. */
export function version(): string {
  // From cli/ in the sources and from dist/cli/ when it is built.
  for (const path of ["../package.json", "../../package.json"]) {
    try {
      const text = readFileSync(new URL(path, import.meta.url), "utf8");
      return String((JSON.parse(text) as { version?: unknown }).version);
    } catch (error) {
      if ((error as { code?: unknown }).code !== "ENOENT") throw error;
    }
  }
  return "unknown";
}

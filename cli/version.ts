import { readFileSync } from "node:fs";
import { errnoOf } from "../shared/errno.ts";

/** The version of this package, as its package.json says. */
export function version(): string {
  // From cli/ in the sources and from dist/cli/ when it is built.
  for (const path of ["../package.json", "../../package.json"]) {
    try {
      const text = readFileSync(new URL(path, import.meta.url), "utf8");
      const manifest: { readonly version?: unknown } = JSON.parse(text);
      return String(manifest.version);
    } catch (error) {
      if (errnoOf(error) !== "ENOENT") throw error;
    }
  }
  return "unknown";
}

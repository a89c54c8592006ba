import { readFileSync } from "node:fs";

/** The version of this package, as its package.json says. */
export function version(): string {
  // From cli/ in the sources and from dist/cli/ when it is built.
  for (const path of ["../package.json", "../../package.json"]) {
    try {
      const text = readFileSync(new URL(path, import.meta.url), "utf8");
      const manifest: { readonly version?: unknown } = JSON.parse(text);
      return String(manifest.version);
    } catch (error) {
      const isAbsent = error instanceof Error && "code" in error && error.code === "ENOENT";
      if (!isAbsent) throw error;
    }
  }
  return "unknown";
}

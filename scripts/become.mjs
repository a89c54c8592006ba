import { fileURLToPath } from "node:url";

/**
 * Runs the compiled saxbridge with these words in this process: no second one has to pass on signals
 * and exit codes.
 *
 * @param {readonly string[]} words
 */
export async function become(...words) {
  const main = new URL("../dist/cli/main.js", import.meta.url);
  process.argv = [process.execPath, fileURLToPath(main), ...words];
  await import(main.href);
}

import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";

test("install-packages says and does nothing when everything is there", () => {
  const { status, stdout, stderr } = run("php-cli", "openssl", "prosody");
  expect({ status, output: String(stdout) + String(stderr) }).toEqual({ status: 0, output: "" });
});

function run(...packages: readonly string[]) {
  return spawnSync(process.execPath, ["scripts/install-packages.mjs", ...packages]);
}

// npm run bench: prepares the checkout with the servers, the compiled program and the compiled
// baselines, and becomes the bench. Plain JavaScript, because it runs before there are any packages.
import { spawnSync } from "node:child_process";
import { prepare } from "../scripts/prepare.mjs";

const words = process.argv.slice(2).join(" ");
await prepare({
  packages: [
    "php-cli",
    words.includes("ejabberd") ? "ejabberd" : "prosody",
    words.includes("ngircd") ? "ngircd" : "inspircd",
  ],
});
// Compiled like the product, so that no loader counts as a baseline's start-up or memory.
const { status } = spawnSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "bench"], {
  stdio: "inherit",
});
if (status !== 0) process.exit(1);
const { register } = await import("tsx/esm/api");
register();
await import("./main.ts");

// npm test: prepares the checkout with everything that the tests need, and runs all checks.
import { spawnSync } from "node:child_process";
import { prepare } from "./prepare.mjs";

await prepare({
  packages: [
    "prosody",
    "ejabberd",
    "inspircd",
    "ngircd",
    "php-cli",
    "openssl",
    "systemd",
    "faketime",
  ],
});
const { status } = spawnSync("npm", ["run", "--silent", "ok"], { stdio: "inherit" });
process.exit(status ?? 1);

// npm test: prepares the checkout with everything the tests need, and runs them all.
import { spawnSync } from "node:child_process";
import { prepare } from "./prepare.mjs";

prepare({
  packages: ["prosody", "ejabberd", "inspircd", "ngircd", "php-cli", "openssl", "systemd"],
});
const { status } = spawnSync("npm", ["run", "--silent", "ok"], { stdio: "inherit" });
process.exit(status ?? 1);

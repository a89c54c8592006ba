// npm run demo: prepares the checkout and starts the demo.
import { spawn } from "node:child_process";
import { prepare } from "./prepare.mjs";

prepare({ packages: ["prosody", "inspircd", "php-cli"] });
const demo = spawn(process.execPath, ["dist/cli/main.js", "demo"], { stdio: "inherit" });
// Ctrl-C reaches the demo itself; it says when everything is gone.
for (const name of ["SIGINT", "SIGTERM"]) process.on(name, () => demo.kill(name));
demo.on("exit", (code) => process.exit(code ?? 1));

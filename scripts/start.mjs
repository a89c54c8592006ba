// npm start: runs what .env configures, or says how to get there.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { prepare } from "./prepare.mjs";

const configured =
  existsSync(".env") || Object.keys(process.env).some((name) => /^(WEBRIDGE|IRC)_/.test(name));
if (!configured) {
  process.stderr.write(
    "There is no .env yet: cp .env.example .env, fill it in, and run npm start again.\n",
  );
  process.stderr.write(
    "To see everything at work first, without any configuration: npm run demo\n",
  );
  process.exit(78);
}
prepare();
const service = spawn(process.execPath, ["dist/cli/main.js", "run"], { stdio: "inherit" });
for (const name of ["SIGINT", "SIGTERM"]) process.on(name, () => service.kill(name));
service.on("exit", (code) => process.exit(code ?? 1));

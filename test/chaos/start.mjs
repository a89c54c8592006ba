// npm run chaos: prepares the checkout with the servers and the compiled program, and runs the suite with the
// datagram socket of the site in its hands. Plain JavaScript, because it runs before there are packages.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { prepare } from "../../scripts/prepare.mjs";

await prepare({ packages: ["prosody", "inspircd", "php-cli", "faketime"] });

const directory = mkdtempSync(join(tmpdir(), "saxbridge-site-"));
const socket = join(directory, "announce.sock");
const here = (/** @type {string} */ name) => fileURLToPath(new URL(name, import.meta.url));
const suite = spawn(
  "perl",
  [
    here("hold-socket.pl"),
    socket,
    process.execPath,
    "--import",
    "tsx",
    here("main.ts"),
    ...process.argv.slice(2),
  ],
  { stdio: "inherit", env: { ...process.env, CHAOS_SOCKET: socket } },
);
for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) {
  process.on(signal, () => suite.kill(signal));
}
suite.on("exit", (code) => {
  rmSync(directory, { recursive: true });
  process.exitCode = code ?? 1;
});

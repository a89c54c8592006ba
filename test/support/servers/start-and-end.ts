import { startInspircd } from "../../../cli/demo/servers/inspircd.ts";

// A program of its own for servers.test.ts: starts a server, says which, and ends as it is told.
const { pid, directory } = await startInspircd();
process.stdout.write(`${JSON.stringify({ pid, directory })}\n`);
if (process.argv[2] === "throw") throw new Error("as expected");

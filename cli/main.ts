#!/usr/bin/env node
import { loadSmall } from "./memory.ts";

loadSmall();
const { runCommand } = await import("./command.ts");
// At once: the XMPP library keeps a timer of up to half a minute for a login that broke off, and the
// process would wait for it.
process.exit(await runCommand(process.argv.slice(2)));

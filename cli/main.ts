#!/usr/bin/env node
import { loadSmall } from "./memory.ts";

loadSmall();
const { runCommand } = await import("./command.ts");
process.exitCode = await runCommand(process.argv.slice(2));

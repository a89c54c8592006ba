#!/usr/bin/env node
import { setFlagsFromString } from "node:v8";

// A daemon that mostly waits is better small than fast: this takes 5 MB off the idle process, at no
// cost that the benchmarks can see. It has to be said before the other modules are loaded.
setFlagsFromString("--optimize-for-size");

const { runCommand } = await import("./command.ts");
process.exitCode = await runCommand(process.argv.slice(2));

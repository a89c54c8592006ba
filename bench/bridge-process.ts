import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { endWithParent } from "../cli/demo/servers/end-with-parent.ts";
import { systemClock as clock } from "../shared/clock.ts";

/** What runs, and where. */
export interface BridgeProgram {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Its working directory; its log goes there, too. */
  readonly directory: string;
}

const STOP_PATIENCE_MS = 5_000;
const LOG_CHARACTERS = 2_000;

/** A bridge that runs. It ends with this process at the latest. */
export class BridgeProcess {
  /** When it was started, in monotonic milliseconds. */
  readonly startedAt = clock.now();
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #logFile: string;
  readonly #ended: Promise<unknown>;

  constructor({ file, args, env, directory }: BridgeProgram) {
    this.#logFile = join(directory, "bridge.log");
    const log = openSync(this.#logFile, "a");
    this.#child = spawn(file, args, {
      cwd: directory,
      // Nothing of the caller's environment: it could configure the bridge.
      env: { PATH: process.env["PATH"], HOME: directory, ...env },
      stdio: ["ignore", log, log],
    });
    closeSync(log);
    this.pid = this.#child.pid ?? 0;
    const forget = endWithParent(() => this.#child.kill("SIGKILL"));
    this.#ended = once(this.#child, "exit").finally(forget);
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** The end of what it logged. */
  get log(): string {
    return readFileSync(this.#logFile, "utf8").slice(-LOG_CHARACTERS);
  }

  /** Ends it, by force if it takes longer than it should. */
  async stop(): Promise<void> {
    if (!this.isRunning) return;
    this.#child.kill("SIGTERM");
    const patience = new AbortController();
    await Promise.race([this.#ended, clock.sleep(STOP_PATIENCE_MS, patience.signal)]);
    patience.abort();
    this.#child.kill("SIGKILL");
    await this.#ended;
  }
}

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { endWithParent } from "../../cli/demo/servers/end-with-parent.ts";
import type { Chronicle } from "./chronicle.ts";
import type { Shift } from "./wall-clock.ts";

type Environment = Readonly<Record<string, string>>;

export interface DaemonOptions {
  /** The compiled program's main file. */
  readonly main: string;
  /** Where the program runs, and where its clock is kept. */
  readonly directory: string;
  readonly env: Environment;
  /** Descriptor of the socket that it inherits. */
  readonly socketFd: number;
  /** The library that shifts its wall clock; undefined leaves the clock alone. */
  readonly faketime: string | undefined;
  readonly chronicle: Chronicle;
}

/** As systemd's RestartSec. */
const RESTART_MS = 1_000;

/** The program as a service manager runs it: with a socket that outlives it, and started again when it ends. */
export class Daemon {
  /** How often it has ended without being told to. */
  deaths = 0;
  /** How often it was started. */
  starts = 0;
  /** How its wall clock stood beside ours. */
  readonly shifts: Shift[] = [];
  readonly #options: DaemonOptions;
  readonly #clockFile: string;
  #child: ChildProcess | undefined;
  #isWanted = false;

  constructor(options: DaemonOptions) {
    this.#options = options;
    this.#clockFile = join(options.directory, "clock");
    this.shiftClock(0);
    endWithParent(() => this.#child?.kill("SIGKILL"));
  }

  start(): void {
    this.#isWanted = true;
    this.starts += 1;
    const { main, directory, env, socketFd, chronicle } = this.#options;
    // LISTEN_PID has to be the number of the process that reads the socket: sd_listen_fds(3).
    const script = 'LISTEN_PID=$$ exec setpriv --pdeathsig KILL -- "$@"';
    const child = spawn("sh", ["-c", script, "sh", process.execPath, main, "run"], {
      cwd: directory,
      env: { PATH: process.env["PATH"] ?? "", LISTEN_FDS: "1", ...env, ...this.#shiftedClock() },
      stdio: ["ignore", "ignore", "pipe", socketFd],
    });
    this.#child = child;
    if (child.stderr === null) throw new TypeError("The program's stderr has to be a pipe");
    createInterface(child.stderr).on("line", (line) => chronicle.add("daemon", line));
    child.once("exit", (code, signal) => this.#onExit(child, signal ?? `code ${code}`));
  }

  /** As a crash or the kernel's memory killer. */
  async kill9(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** As the service manager stops it. */
  async terminate(): Promise<void> {
    await this.#end("SIGTERM");
  }

  freeze(): void {
    this.#child?.kill("SIGSTOP");
  }

  thaw(): void {
    this.#child?.kill("SIGCONT");
  }

  /** Sets its wall clock so many milliseconds beside ours, from about a second later on. */
  shiftClock(ms: number): void {
    this.shifts.push({ at: Date.now(), offset: ms });
    const sign = ms < 0 ? "-" : "+";
    writeFileSync(this.#clockFile, `${sign}${Math.abs(ms) / 1_000}s\n`);
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    this.#isWanted = false;
    const child = this.#child;
    if (child === undefined) return;
    const closed = once(child, "close");
    child.kill(signal);
    await closed;
  }

  #onExit(child: ChildProcess, how: string): void {
    if (this.#child === child) this.#child = undefined;
    this.#options.chronicle.add("daemon", `ended: ${how}`);
    if (!this.#isWanted) return;
    this.deaths += 1;
    setTimeout(() => this.#isWanted && this.start(), RESTART_MS).unref();
  }

  #shiftedClock(): Environment {
    const { faketime } = this.#options;
    if (faketime === undefined) return {};
    return {
      LD_PRELOAD: faketime,
      FAKETIME_TIMESTAMP_FILE: this.#clockFile,
      FAKETIME_CACHE_DURATION: "1",
      // Only what the wall clock says jumps; timers are of the other clock, and files stay as they are.
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
      NO_FAKE_STAT: "1",
    };
  }
}

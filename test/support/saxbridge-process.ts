import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { z } from "zod";
import { endWithParent } from "../../cli/demo/servers/end-with-parent.ts";
import { type Matches, Received } from "./users/received.ts";

type Environment = Readonly<Record<string, string>>;

const LogLine = z.looseObject({ time: z.string(), level: z.string(), event: z.string() });

/** One line of the program's log. */
export type LogLine = Readonly<z.infer<typeof LogLine>>;

/** How a run ended. */
export interface RunEnd {
  /** The exit code; null after a signal that the program does not handle. */
  readonly code: number | null;
  /** All that it wrote to stderr. */
  readonly stderr: string;
  /** All that it wrote to stdout. */
  readonly stdout: string;
}

const MAIN = new URL("../../dist/cli/main.js", import.meta.url).pathname;
const TIMEOUT_MS = 20_000;

/**
 * The built program as a site installs it: an environment, a state directory and a socket that stay
 * from one run to the next. Nothing of this machine's own configuration reaches it.
 */
export class Saxbridge {
  readonly #directory: string;
  readonly #env: Environment;
  readonly #runs = new Set<SaxbridgeRun>();
  readonly #forget: () => void;

  private constructor(directory: string, env: Environment) {
    this.#directory = directory;
    this.#env = env;
    this.#forget = endWithParent(() => {
      for (const run of this.#runs) run.signal("SIGKILL");
      rmSync(directory, { recursive: true, force: true });
    });
  }

  /** Makes the directories for a program with this environment; nothing runs yet. */
  static async install(env: Environment): Promise<Saxbridge> {
    return new Saxbridge(await mkdtemp(join(tmpdir(), "saxbridge-run-")), env);
  }

  /** Where announcements go. */
  get socket(): string {
    return join(this.#directory, "webridge.sock");
  }

  get stateDirectory(): string {
    return join(this.#directory, "state");
  }

  /** Runs `saxbridge` with these words, `run` as a rule, and this environment on top of its own. */
  run(words: readonly string[] = ["run"], env: Environment = {}): SaxbridgeRun {
    const child = spawn(process.execPath, [MAIN, ...words], {
      // No `.env` is there, and none of our variables may leak in.
      cwd: this.#directory,
      env: {
        PATH: process.env["PATH"] ?? "/usr/bin:/bin",
        STATE_DIRECTORY: this.stateDirectory,
        LOG_FORMAT: "json",
        ...(isForWebridge(this.#env) ? { WEBRIDGE_SOCKET: this.socket } : {}),
        ...this.#env,
        ...env,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const run = new SaxbridgeRun(child);
    this.#runs.add(run);
    return run;
  }

  /** Ends what still runs, and removes everything. */
  async remove(): Promise<void> {
    await Promise.all([...this.#runs].map((run) => run.kill9()));
    this.#forget();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

/** One run of the program, with its log. */
export class SaxbridgeRun {
  /** Resolves when the program has ended and all that it wrote was read. */
  readonly ended: Promise<RunEnd>;
  readonly #child: ChildProcess;
  readonly #lines = new Received<LogLine>("saxbridge", (line) => JSON.stringify(line));
  readonly #stderr: string[] = [];

  constructor(child: ChildProcess) {
    this.#child = child;
    const { stdout, stderr } = child;
    if (stdout === null || stderr === null)
      throw new TypeError("The program has to write to pipes");
    createInterface(stderr).on("line", (line) => this.#read(line));
    this.ended = this.#untilEnded(text(stdout));
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get log(): readonly LogLine[] {
    return this.#lines.items;
  }

  /** How often this event was logged. */
  count(event: string): number {
    return this.log.filter((line) => line.event === event).length;
  }

  /** The first line of the log with this event, or for which it is true, past or to come. */
  waitFor(wanted: string | Matches<LogLine>, timeoutMs = TIMEOUT_MS): Promise<LogLine> {
    return this.#lines.wait(`the event ${String(wanted)}`, matching(wanted), timeoutMs);
  }

  /** As `waitFor()`, but only of what is logged after this call. */
  next(wanted: string | Matches<LogLine>, timeoutMs = TIMEOUT_MS): Promise<LogLine> {
    return this.#lines.next(`the event ${String(wanted)}`, matching(wanted), timeoutMs);
  }

  /** Memory that the program holds just now (VmRSS), in bytes. */
  residentBytes(): number {
    const status = readFileSync(`/proc/${this.pid}/status`, "utf8");
    return Number(/^VmRSS:\s*(\d+) kB$/m.exec(status)?.[1]) * 1024;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Asks the program to stop, as systemd does; resolves when it has. */
  terminate(): Promise<RunEnd> {
    this.signal("SIGTERM");
    return this.ended;
  }

  /** Ends the program as a crash would. */
  kill9(): Promise<RunEnd> {
    this.signal("SIGKILL");
    return this.ended;
  }

  async #untilEnded(said: Promise<string>): Promise<RunEnd> {
    await once(this.#child, "close");
    const last = this.#stderr.at(-1) ?? "without a word";
    this.#lines.end(`the program has ended (${this.#child.exitCode}): ${last}`);
    return {
      code: this.#child.exitCode,
      stderr: this.#stderr.join("\n"),
      stdout: await said,
    };
  }

  #read(written: string): void {
    this.#stderr.push(written);
    const line = parseLogLine(written);
    if (line !== undefined) this.#lines.add(line);
  }
}

function isForWebridge(env: Environment): boolean {
  return Object.keys(env).some((name) => name.startsWith("WEBRIDGE_"));
}

function matching(wanted: string | Matches<LogLine>): Matches<LogLine> {
  return typeof wanted === "string" ? ({ event }) => event === wanted : wanted;
}

/** Undefined for what is no line of the log, such as a sentence for people. */
function parseLogLine(written: string): LogLine | undefined {
  return written.startsWith("{") ? LogLine.parse(JSON.parse(written)) : undefined;
}

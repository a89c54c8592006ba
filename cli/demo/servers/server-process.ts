import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock as clock } from "../../../shared/clock.ts";
import { endWithParent } from "./end-with-parent.ts";
import { listensOn } from "./listening.ts";

/** How to run a program; `file` is looked for in PATH and where servers are installed. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** The ports of a server; `client` is where its clients connect. */
export interface Ports {
  readonly client: number;
}

/** A server program that can run from a directory and on ports that it did not choose. */
export interface Program<P extends Ports> {
  /** The program's name for messages and for the directory. */
  readonly name: string;
  /** Asked again when another process took one of the ports in the meantime. */
  choosePorts(): Promise<P>;
  /** Writes the configuration into the directory; what an earlier call with other ports wrote may be there. */
  configure(directory: string, ports: P): Promise<Command>;
  /** Whether it now does its work. `log` is what it wrote since this start. */
  isReady(ports: P, log: string): Promise<boolean>;
}

/** A server of our own that runs, as tests and the demo handle it. */
export interface RunningServer {
  /** The server's process; 0 when it does not run. */
  readonly pid: number;
  /** Where its configuration, data and log are. Gone after `stop()`. */
  readonly directory: string;
  /** What it wrote, all starts together. */
  readonly logFile: string;
  /** Ends it as a crash would (SIGKILL); resolves when it is gone. Its data stay for `restart()`. */
  kill9(): Promise<void>;
  /** Starts it again on the same ports and data, after ending it politely if it runs. */
  restart(): Promise<void>;
  /** Freezes it (SIGSTOP): connections stay open and nothing answers. */
  pause(): void;
  /** Lets a frozen server go on (SIGCONT). */
  resume(): void;
  /** Ends it, by force if it takes longer than a goodbye, and removes its directory. May be called twice. */
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 30_000;
/** For a server that starts again: time to write its data down. */
const RESTART_PATIENCE_MS = 3_000;
/** For one whose data go anyway: time to say goodbye to its clients. */
const STOP_PATIENCE_MS = 250;
const POLL_MS = 20;
const PORT_TRIES = 5;
const LOG_LINES = 20;

class PortTakenError extends Error {
  override readonly name = "PortTakenError";
}

/** Starts a program in a new temporary directory and on free ports; it ends with this process at the latest. */
export class ServerProcess<P extends Ports> implements RunningServer {
  readonly directory: string;
  readonly logFile: string;
  readonly #program: Program<P>;
  readonly #forget: () => void;
  #ports: P | undefined;
  #command: Command | undefined;
  #child: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();
  #logStart = 0;

  private constructor(program: Program<P>, directory: string) {
    this.#program = program;
    this.directory = directory;
    this.logFile = join(directory, "server.log");
    this.#forget = endWithParent(() => {
      this.#signal("SIGKILL");
      rmSync(directory, { recursive: true, force: true });
    });
  }

  /** Resolves when the server does its work; rejects with the end of its log when it does not. */
  static async start<P extends Ports>(program: Program<P>): Promise<ServerProcess<P>> {
    const directory = await mkdtemp(join(tmpdir(), `saxbridge-${program.name}-`));
    const server = new ServerProcess(program, directory);
    try {
      await server.#startOnFreePorts();
      return server;
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  get ports(): P {
    if (this.#ports === undefined) throw new Error(`${this.#program.name} was not started`);
    return this.#ports;
  }

  async kill9(): Promise<void> {
    this.#signal("SIGKILL");
    await this.#ended;
  }

  async restart(): Promise<void> {
    await this.#end(RESTART_PATIENCE_MS);
    await this.#run();
  }

  pause(): void {
    this.#signal("SIGSTOP");
  }

  resume(): void {
    this.#signal("SIGCONT");
  }

  async stop(): Promise<void> {
    await this.#end(STOP_PATIENCE_MS);
    this.#forget();
    await rm(this.directory, { recursive: true, force: true });
  }

  async #startOnFreePorts(): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      this.#ports = await this.#program.choosePorts();
      this.#command = await this.#program.configure(this.directory, this.#ports);
      try {
        await this.#run();
        return;
      } catch (error) {
        if (!(error instanceof PortTakenError) || tries === PORT_TRIES) throw error;
        await this.kill9();
      }
    }
  }

  async #run(): Promise<void> {
    await this.#launch();
    const deadline = clock.now() + START_TIMEOUT_MS;
    while (clock.now() < deadline) {
      const ready = await this.#program.isReady(this.ports, this.#log());
      this.#check();
      if (ready && (await listensOn(this.pid, this.ports.client))) return;
      await clock.sleep(POLL_MS);
    }
    throw this.#failure(`it did not answer within ${START_TIMEOUT_MS / 1000} s`);
  }

  async #launch(): Promise<void> {
    if (this.#command === undefined) throw new Error(`${this.#program.name} is not configured`);
    this.#logStart = existsSync(this.logFile) ? statSync(this.logFile).size : 0;
    const log = await open(this.logFile, "a");
    const { file, args } = endingWithParent(this.#command);
    const child = spawn(file, args, {
      cwd: this.directory,
      env: serverEnvironment(this.directory, this.#command.env),
      stdio: ["ignore", log.fd, log.fd],
      // A process group of its own: a signal reaches all its processes, and Ctrl-C only us.
      detached: true,
    });
    this.#child = child;
    this.#ended = this.#untilEnded(child);
    await log.close();
  }

  async #untilEnded(child: ChildProcess): Promise<void> {
    await new Promise((resolve) => {
      child.once("exit", resolve);
      child.once("error", resolve);
    });
    this.#signal("SIGKILL"); // what the server started must not outlive it
    this.#child = undefined;
  }

  async #end(patienceMs: number): Promise<void> {
    if (this.#child === undefined) return;
    this.#signal("SIGCONT");
    this.#signal("SIGTERM");
    const patience = new AbortController();
    await Promise.race([this.#ended, clock.sleep(patienceMs, patience.signal)]);
    patience.abort();
    await this.kill9();
  }

  /** Throws when this start has failed already. */
  #check(): void {
    const taken = /^.*(?:address already in use|eaddrinuse).*$/im.exec(this.#log())?.[0];
    if (taken !== undefined) {
      throw new PortTakenError(
        `Cannot start ${this.#program.name}: a port is taken: ${taken.trim()}`,
      );
    }
    const child = this.#child;
    if (child !== undefined && child.exitCode === null && child.signalCode === null) return;
    throw this.#failure("it ended at once");
  }

  #log(): string {
    return readFileSync(this.logFile).subarray(this.#logStart).toString();
  }

  #failure(why: string): Error {
    const log = this.#log();
    const missing = log.includes("failed to execute") ? " (is it installed?)" : "";
    const tail = log.trimEnd().split("\n").slice(-LOG_LINES).join("\n  ");
    return new Error(
      `Cannot start ${this.#program.name}: ${why}${missing}; its log ends:\n  ${tail}`,
    );
  }

  #signal(signal: NodeJS.Signals): void {
    const pid = this.#child?.pid;
    if (pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch {
      // Nobody is left in the group.
    }
  }
}

/** Lets the kernel end the program when this process ends without a chance to do so (kill -9). */
function endingWithParent({ file, args }: Command): Command {
  const setpriv = "/usr/bin/setpriv";
  if (!existsSync(setpriv)) return { file, args };
  return { file: setpriv, args: ["--pdeathsig", "KILL", "--", file, ...args] };
}

function serverEnvironment(
  home: string,
  env: Readonly<Record<string, string>> = {},
): Record<string, string> {
  // Servers live in /usr/sbin, which an ordinary user has not in PATH.
  const path = `${process.env["PATH"] ?? "/usr/bin:/bin"}:/usr/sbin:/sbin`;
  return { PATH: path, HOME: home, LANG: "C.UTF-8", ...env };
}

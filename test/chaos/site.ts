import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { z } from "zod";
import { endWithParent } from "../../cli/demo/servers/end-with-parent.ts";

const Announced = z.object({
  number: z.number(),
  /** When the kernel took it, in milliseconds since 1970. */
  at: z.number(),
  /** Longest try to write it, in milliseconds. */
  ms: z.number(),
  tries: z.number(),
});

/** A number that the kernel took from the site. */
export type Announced = Readonly<z.infer<typeof Announced>>;

export interface SiteOptions {
  readonly socketPath: string;
  /** Between two announcements, in milliseconds, more or less. */
  readonly pauseMs: number;
  readonly seed: number;
}

/** The site: real PHP that announces numbers and never waits. */
export class Site {
  readonly announced: Announced[] = [];
  readonly #php: ChildProcess;

  constructor({ socketPath, pauseMs, seed }: SiteOptions) {
    const script = new URL("announce.php", import.meta.url).pathname;
    this.#php = spawn("php", [script, socketPath, String(pauseMs), String(seed)], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    endWithParent(() => this.#php.kill("SIGKILL"));
    if (this.#php.stdout === null) throw new TypeError("The site's stdout has to be a pipe");
    createInterface(this.#php.stdout).on("line", (line) => {
      this.announced.push(Announced.parse(JSON.parse(line)));
    });
  }

  /** Resolves when the last number is known. */
  async stop(): Promise<void> {
    const closed = once(this.#php, "close");
    this.#php.stdin?.end();
    await closed;
  }
}

import { execFileSync, spawnSync } from "node:child_process";
import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { endWithParent } from "../../cli/demo/servers/end-with-parent.ts";
import { errnoOf } from "../../shared/errno.ts";

const SIZE = "size=16m";
const BLOCK = Buffer.alloc(4_096, "x");

/** A disk of its own for one directory, so small that it can be filled. Only root can mount one. */
export class SmallDisk {
  readonly #directory: string;
  readonly #filler: string;
  readonly #forget: () => void;

  private constructor(directory: string) {
    this.#directory = directory;
    this.#filler = join(directory, "filler");
    this.#forget = endWithParent(() => this.unmount());
  }

  /** Mounts a small disk at an empty directory; undefined where that is not allowed. */
  static mount(directory: string): SmallDisk | undefined {
    const args = ["-t", "tmpfs", "-o", SIZE, "saxbridge-chaos", directory];
    const { status } = spawnSync("mount", args, { stdio: "ignore" });
    return status === 0 ? new SmallDisk(directory) : undefined;
  }

  /** Takes all that is free. */
  fill(): void {
    const file = openSync(this.#filler, "w");
    try {
      for (;;) writeSync(file, BLOCK);
    } catch (error) {
      if (errnoOf(error) !== "ENOSPC") throw error;
    } finally {
      closeSync(file);
    }
  }

  /** Gives it back. */
  free(): void {
    rmSync(this.#filler, { force: true });
  }

  unmount(): void {
    this.#forget();
    execFileSync("umount", ["--lazy", this.#directory]);
  }
}

import { existsSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { errnoOf } from "../errno.ts";

/** More damaged files than that help nobody, and a disk that goes on damaging them would be full of them. */
const MOST_KEPT = 3;

/**
 * Moves a damaged SQLite file with its write-ahead log out of the way, so that people can look at what can
 * be saved, and returns its new name. Of many only the first one, which had most in it, and the newest two
 * are kept.
 */
export function setAside(path: string, wallNow: number): string {
  const stamp = new Date(wallNow).toISOString().replaceAll(/[-:.]/g, "");
  const aside = `${path}.corrupt-${stamp}`;
  for (const ending of ["", "-wal"]) moveIfThere(path + ending, aside + ending);
  // Only an index, which SQLite makes anew.
  rmSync(`${path}-shm`, { force: true });
  forgetOlder(path);
  return aside;
}

function moveIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
  }
}

function forgetOlder(path: string): void {
  // Somebody removed it all.
  if (!existsSync(dirname(path))) return;
  const beginning = `${basename(path)}.corrupt-`;
  const asides = readdirSync(dirname(path)).filter(
    (name) => name.startsWith(beginning) && !name.endsWith("-wal"),
  );
  for (const name of asides.toSorted().slice(1, 1 - MOST_KEPT)) {
    const old = join(dirname(path), name);
    rmSync(old);
    rmSync(`${old}-wal`, { force: true });
  }
}

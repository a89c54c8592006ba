import { Buffer } from "node:buffer";
import { type BigIntStats, chmodSync, chownSync, lstatSync, renameSync } from "node:fs";
import { lstat } from "node:fs/promises";
import { dirname } from "node:path";
import type { Clock } from "../clock.ts";
import { maxSocketPathBytes } from "../config/socket-path.ts";
import { errnoOf } from "../errno.ts";
import { openSocket } from "./socket.ts";
import { SocketError } from "./socket-error.ts";

/** Older than this, what lies under the second name was left by a process that died. */
const takingMs = 1_000;

export interface SocketPlace {
  readonly path: string;
  /** Permission bits of the socket file, such as `0o660`. */
  readonly mode: number;
  /** The group that the file is given to; undefined leaves the group of the process. */
  readonly gid: number | undefined;
  readonly clock: Clock;
}

/**
 * The second name of a path, under which a socket is bound before it is moved there. In the same
 * directory, and never longer, because the path may have the longest that fits. Binding is exclusive, so
 * that it is also the lock that keeps two processes from taking the path at the same time. A process that
 * is killed in the microseconds between leaves the lock behind for a second.
 */
export function nameBeside(path: string): string {
  const characters = Array.from(path);
  const last = characters.pop();
  return `${characters.join("")}${last === "~" ? "_" : "~"}`;
}

/**
 * Binds with no rights for anybody else than the owner of this process. The umask belongs to the whole
 * process: it is put back before anything else can run.
 */
export function bindPrivately<T>(bind: () => T): T {
  const umask = process.umask(0o177);
  try {
    return bind();
  } finally {
    process.umask(umask);
  }
}

/**
 * Whether the second name was left by a process that died. Age is asked as well, because bind(2) makes
 * the file some microseconds before connect(2) can find a listener behind it.
 */
export function isLeftBehind(beside: string, clock: Clock): boolean {
  const stats = lstatSync(beside, { throwIfNoEntry: false });
  if (stats === undefined) return true;
  const ageMs = Math.abs(clock.wallNow() - stats.mtimeMs);
  return stats.isSocket() && ageMs > takingMs && whoListens(beside) === "nobody";
}

/**
 * Moves a bound socket from its second name to its path, with its mode and group, and in place of a
 * socket file that a dead process left there. Returns what identifies the file. Throws, and leaves the
 * path as it was, when a live process listens there, when something else than a socket is there, or when
 * the system refuses.
 */
export function moveIntoPlace(beside: string, place: SocketPlace): string {
  refuseUnlessFree(place.path);
  setRights(beside, place);
  const identity = identityOf(lstatSync(beside, { bigint: true }));
  renameSync(beside, place.path);
  return identity;
}

/**
 * Names a file among all that exist. A bound socket keeps its inode in use even when its file is
 * removed, so that while it lives no other file can come to the same name.
 */
function identityOf({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`;
}

/** What identifies the file at a path; undefined when it is gone or out of reach: nobody can get to it then. */
export async function identityAt(path: string): Promise<string | undefined> {
  try {
    return identityOf(await lstat(path, { bigint: true }));
  } catch {
    return undefined;
  }
}

/** What to tell an administrator of whatever went wrong in taking a path; a bug is thrown on as it is. */
export function asSocketError(path: string, error: unknown): unknown {
  const code = errnoOf(error);
  if (error instanceof SocketError || code === undefined) return error;
  return cannotListen(path, { code, cause: error });
}

function refuseUnlessFree(path: string): void {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return;
  // Also because connect(2) refuses a plain file with the same error as a stale socket.
  if (!stats.isSocket()) {
    throw cannotListen(path, { code: "ENOTSOCK", words: "something else than a socket is there" });
  }
  switch (whoListens(path)) {
    case "nobody":
      return;
    case "somebody":
      throw cannotListen(path, {
        code: "EADDRINUSE",
        words: "another process is listening there",
      });
    case "unknown":
      throw cannotListen(path, {
        code: "EACCES",
        words: "the socket there belongs to another user (remove it if nothing uses it)",
      });
  }
}

/**
 * Connecting a datagram socket sends nothing: it only tells whether a live process has the path. Where
 * that listens for streams the answer is EPROTOTYPE.
 */
function whoListens(path: string): "nobody" | "somebody" | "unknown" {
  const probe = openSocket();
  const failure = probe.connect(path);
  probe.close();
  if (failure === "ECONNREFUSED" || failure === "ENOENT") return "nobody";
  return failure === "EACCES" ? "unknown" : "somebody";
}

/** The group first: the file is open to its owner alone until it has the right one. */
function setRights(file: string, { path, mode, gid }: SocketPlace): void {
  try {
    if (gid !== undefined) chownSync(file, -1, gid);
  } catch (error) {
    throw new SocketError(
      `Cannot give ${path} to group ${gid}: this process is not a member of it (add its user to the group, or SupplementaryGroups= to the unit)`,
      { code: errnoOf(error) ?? "EPERM", cause: error },
    );
  }
  chmodSync(file, mode);
}

/** The error for a path that cannot be listened on; without words they follow from the code. */
export function cannotListen(
  path: string,
  {
    code,
    words,
    cause,
  }: { readonly code: string; readonly words?: string | undefined; readonly cause?: unknown },
): SocketError {
  return new SocketError(`Cannot listen on ${path}: ${words ?? explain(code, path)}`, {
    code,
    cause,
  });
}

function explain(code: string, path: string): string {
  const directory = dirname(path);
  switch (code) {
    case "ENOENT":
      return `directory ${directory} does not exist (create it, or add RuntimeDirectory= to the unit)`;
    case "ENOTDIR":
      return `${directory} is not a directory`;
    case "EACCES":
    case "EPERM":
      return `this process may not write in directory ${directory}`;
    case "EADDRINUSE":
      return "another process is just beginning to listen there";
    case "EROFS":
      return `directory ${directory} is read-only (add RuntimeDirectory= or ReadWritePaths= to the unit)`;
    case "ENAMETOOLONG":
      return `the path has ${Buffer.byteLength(path)} bytes, and a socket's path may have ${maxSocketPathBytes}`;
    default:
      return code;
  }
}

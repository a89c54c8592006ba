import { Buffer } from "node:buffer";
import { type BigIntStats, chmodSync, chownSync, lstatSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import type { Clock } from "../clock.ts";
import { maxSocketPathBytes } from "../config/socket-path.ts";
import { errnoOf } from "../errno.ts";
import { type DatagramSocket, type Errno, openSocket } from "./socket.ts";
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

export interface TakenPath {
  readonly socket: DatagramSocket;
  /** Names the socket file itself, so that another file at the same path is told apart. */
  readonly identity: string;
}

/**
 * Listens at a path, in place of a socket file that a dead process left there. From its first instant
 * the file has the mode and group asked for, and at no instant is there none where a stale one was.
 * Throws a `SocketError`, and leaves everything as it was, when a live process listens there, when
 * something else than a socket is there, or when the system refuses.
 *
 * All of it is done under a second name beside the path, which is then moved into place. Binding is
 * exclusive, so the second name is also the lock that keeps two processes from taking the path at the
 * same time. A process that is killed in the microseconds between leaves the lock behind for a second.
 */
export function takePath(place: SocketPlace, onDatagram: (bytes: Uint8Array) => void): TakenPath {
  const socket = openSocket(onDatagram);
  const beside = nameBeside(place.path);
  let isBound = false;
  try {
    bindUnseen(socket, place, beside);
    isBound = true;
    refuseUnlessFree(place.path);
    setRights(beside, place);
    const identity = identityOf(lstatSync(beside, { bigint: true }));
    renameSync(beside, place.path);
    return { socket, identity };
  } catch (error) {
    socket.close();
    if (isBound) rmSync(beside, { force: true });
    const code = errnoOf(error);
    if (error instanceof SocketError || code === undefined) throw error;
    throw cannotListen(place.path, { code, cause: error });
  }
}

/**
 * Names a file among all that exist. A bound socket keeps its inode in use even when its file is
 * removed, so that while it lives no other file can come to the same name.
 */
export function identityOf({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`;
}

/** Binds where nobody looks, with no rights for anybody else than the owner of this process. */
function bindUnseen(socket: DatagramSocket, { path, clock }: SocketPlace, beside: string): void {
  let failure = bindPrivately(socket, beside);
  if (failure === "EADDRINUSE" && isLeftBehind(beside, clock)) {
    rmSync(beside, { force: true });
    failure = bindPrivately(socket, beside);
  }
  if (failure === undefined) return;
  const words =
    failure === "EADDRINUSE" ? "another process is just beginning to listen there" : undefined;
  throw cannotListen(path, { code: failure, words });
}

/**
 * Age is asked as well, because bind(2) makes the file some microseconds before connect(2) can find a
 * listener behind it.
 */
function isLeftBehind(beside: string, clock: Clock): boolean {
  const stats = lstatSync(beside, { throwIfNoEntry: false });
  if (stats === undefined) return true;
  const ageMs = Math.abs(clock.wallNow() - stats.mtimeMs);
  return stats.isSocket() && ageMs > takingMs && whoListens(beside) === "nobody";
}

/** The umask belongs to the whole process: it is put back before anything else can run. */
function bindPrivately(socket: DatagramSocket, path: string): Errno {
  const umask = process.umask(0o177);
  try {
    return socket.bind(path);
  } finally {
    process.umask(umask);
  }
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

/** Connecting a datagram socket sends nothing: it only tells whether a live process has the path. */
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

/** A name in the same directory that is never longer, because the path may have the longest that fits. */
function nameBeside(path: string): string {
  const characters = Array.from(path);
  const last = characters.pop();
  return `${characters.join("")}${last === "~" ? "_" : "~"}`;
}

function cannotListen(
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
    case "EROFS":
      return `directory ${directory} is read-only (add RuntimeDirectory= or ReadWritePaths= to the unit)`;
    case "ENAMETOOLONG":
      return `the path has ${Buffer.byteLength(path)} bytes, and a socket's path may have ${maxSocketPathBytes}`;
    default:
      return code;
  }
}

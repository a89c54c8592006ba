import Database from "better-sqlite3";
import { errnoOf } from "../errno.ts";

/** The disk is full. */
export function isFull(error: unknown): boolean {
  // Where the index of the write-ahead log has no room, SQLite has a code of its own for it.
  return hasCode(error, "SQLITE_FULL", "SQLITE_IOERR_SHMSIZE") || errnoOf(error) === "ENOSPC";
}

/** Another program has locked the file. */
export function isLocked(error: unknown): boolean {
  return hasCode(error, "SQLITE_BUSY");
}

/** The file does not hold what was written into it. */
export function isDamaged(error: unknown): boolean {
  // Of the JSON in its fields.
  return error instanceof SyntaxError || hasCode(error, "SQLITE_CORRUPT", "SQLITE_NOTADB");
}

/** Something that only people can mend. */
export class LastingError extends Error {}

/** Waiting does not heal it: it is a matter of names, owners, modes and versions, or that is its cause. */
export function isLasting(error: unknown): boolean {
  if (error instanceof LastingError || hasCode(error, "SQLITE_READONLY")) return true;
  if (LASTING.has(errnoOf(error) ?? "")) return true;
  return error instanceof Error && error.cause !== undefined && isLasting(error.cause);
}

const LASTING: ReadonlySet<string> = new Set([
  "EACCES",
  "EEXIST",
  "EISDIR",
  "ELOOP",
  "ENAMETOOLONG",
  "ENOENT",
  "ENOTDIR",
  "EPERM",
  "EROFS",
]);

/** Extended codes begin with the code that they belong to. */
function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Database.SqliteError && codes.some((code) => error.code.startsWith(code));
}

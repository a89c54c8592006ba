import Database from "better-sqlite3";

/** The disk is full. */
export function isFull(error: unknown): boolean {
  // Where the index of the write-ahead log has no room, SQLite has a code of its own for it.
  return hasCode(error, "SQLITE_FULL", "SQLITE_IOERR_SHMSIZE");
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

/** Extended codes begin with the code that they belong to. */
function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Database.SqliteError && codes.some((code) => error.code.startsWith(code));
}

import Database from "better-sqlite3";
import { describe, expect, test } from "vitest";
import { isLasting, LastingError } from "../../../shared/outbox/disk-error.ts";

const withCode = (code: string) =>
  Object.assign(new Error(`${code}: what the system says`), { code });
const ofSqlite = (code: string) => new Database.SqliteError("what SQLite says", code);

describe("isLasting()", () => {
  test.each([
    withCode("EACCES"),
    withCode("ENOTDIR"),
    withCode("EROFS"),
    ofSqlite("SQLITE_READONLY_DIRECTORY"),
    new LastingError("written by a newer saxbridge"),
  ])("finds that somebody has to mend %s", (error) => {
    expect(isLasting(error)).toBe(true);
    expect(isLasting(new Error("Cannot open outbox", { cause: error }))).toBe(true);
  });

  test.each([
    withCode("EIO"),
    withCode("EMFILE"),
    withCode("ENOSPC"),
    ofSqlite("SQLITE_BUSY"),
    ofSqlite("SQLITE_IOERR_READ"),
    ofSqlite("SQLITE_CORRUPT"),
    new Error("of which nothing is known"),
  ])("finds that %s may pass", (error) => {
    expect(isLasting(error)).toBe(false);
    expect(isLasting(new Error("Cannot open outbox", { cause: error }))).toBe(false);
  });
});

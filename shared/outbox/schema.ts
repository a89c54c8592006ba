import type Database from "better-sqlite3";
import { LastingError } from "./disk-error.ts";

/**
 * Rows of one queue that were written together share a batch: under load that is one insert and one
 * delete for hundreds of them. Progress is that of `KeptRows`, fates are those of one turn of the event
 * loop together, ids those that were settled at about the same time.
 */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE batch (last INTEGER PRIMARY KEY, queue TEXT NOT NULL, rows TEXT NOT NULL) STRICT;
   CREATE TABLE progress (queue TEXT PRIMARY KEY, front INTEGER NOT NULL, beyond TEXT NOT NULL) STRICT;`,
  `ALTER TABLE progress RENAME TO progress_1;
   CREATE TABLE progress (
     queue TEXT PRIMARY KEY, front INTEGER NOT NULL, beyond TEXT NOT NULL, said TEXT NOT NULL
   ) STRICT, WITHOUT ROWID;
   INSERT INTO progress SELECT queue, front, beyond, '[]' FROM progress_1;
   DROP TABLE progress_1;
   CREATE TABLE note (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
   CREATE TABLE remembered (
     queue TEXT NOT NULL, n INTEGER NOT NULL, at INTEGER NOT NULL, ids TEXT NOT NULL,
     PRIMARY KEY (queue, n)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE trail (n INTEGER PRIMARY KEY, at INTEGER NOT NULL, fates TEXT NOT NULL) STRICT;`,
];

/** Throws unless the tables are those of this version. */
export function checkSchema(database: Database.Database): void {
  const version = versionOf(database);
  if (version < MIGRATIONS.length) {
    throw new LastingError(`it was written by an older saxbridge (schema ${version})`);
  }
}

/** Makes the tables, or brings those of an older version up to date; throws for those of a newer one. */
export function migrate(database: Database.Database): void {
  const steps = MIGRATIONS.slice(versionOf(database));
  if (steps.length === 0) return;
  const script = `${steps.join("\n")} PRAGMA user_version = ${MIGRATIONS.length};`;
  database.transaction(() => database.exec(script)).immediate();
}

function versionOf(database: Database.Database): number {
  const version = Number(database.pragma("user_version", { simple: true }));
  if (version <= MIGRATIONS.length) return version;
  throw new LastingError(`it was written by a newer saxbridge (schema ${version})`);
}

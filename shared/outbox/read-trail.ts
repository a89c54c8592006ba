import Database from "better-sqlite3";
import { type Clock, systemClock } from "../clock.ts";
import { FINGERPRINT_KEY, keyedFingerprint } from "./fingerprint.ts";
import { Kept } from "./kept.ts";
import { memoryJournal } from "./memory-journal.ts";
import { checkSchema } from "./schema.ts";
import { tablesOf } from "./tables.ts";
import type { TrailRow } from "./trail.ts";

/**
 * Finds what `Trail.find` promises in the file of a journal that may be open or not, and writes nothing into
 * it. Throws when it cannot be read, or is not of this version.
 */
export async function readTrail(
  path: string,
  query: string,
  clock: Clock = systemClock,
): Promise<readonly TrailRow[]> {
  const database = new Database(path, { readonly: true, fileMustExist: true });
  try {
    checkSchema(database);
    const tables = tablesOf(database, UNBOUNDED, clock);
    const kept = new Kept(clock, tables.read());
    const fingerprint = keyedFingerprint(kept.notes.get(FINGERPRINT_KEY) ?? "");
    const olderFates = () => tables.fates();
    const { trail } = memoryJournal({ kept, clock, fingerprint, olderFates });
    return await trail.find(query);
  } finally {
    database.close();
  }
}

const UNBOUNDED = { keepFor: Number.POSITIVE_INFINITY, maxBytes: Number.POSITIVE_INFINITY };

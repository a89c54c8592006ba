import Database from "better-sqlite3";
import { ensurePrivateFile } from "./private-file.ts";

/** How long a predecessor gets to be gone, in milliseconds. */
const PATIENCE = 500;

/**
 * Takes a lock for as long as this process lives, however it ends, and returns how to let it go. Throws
 * when another process has it.
 *
 * The lock is on an empty SQLite file of its own, so that whoever has the outbox open to look into it or
 * to copy it is not taken for another saxbridge.
 */
export function claim(path: string): () => void {
  ensurePrivateFile(path);
  const lock = new Database(path, { timeout: PATIENCE });
  try {
    // A journal in a file would need room on the disk.
    lock.pragma("journal_mode = MEMORY");
    lock.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    lock.close();
    throw error;
  }
  return () => lock.close();
}

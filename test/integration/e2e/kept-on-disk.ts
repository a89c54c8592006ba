import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import type { Saxbridge } from "../../support/saxbridge-process.ts";

const FILE = "outbox.sqlite";

/**
 * How many entries a new start would find in the outbox. Looks at a copy, because the program lets
 * nobody else open the file; ask again when it says so in the middle of a commit.
 */
export async function keptOnDisk({ stateDirectory }: Saxbridge): Promise<number> {
  const copy = await mkdtemp(join(tmpdir(), "saxbridge-outbox-"));
  try {
    for (const name of [FILE, `${FILE}-wal`]) {
      await copyFile(join(stateDirectory, name), join(copy, name));
    }
    const database = new Database(join(copy, FILE));
    const count = database.prepare<[], number>("SELECT count(*) FROM entry").pluck().get() ?? 0;
    database.close();
    return count;
  } finally {
    await rm(copy, { recursive: true });
  }
}

import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqliteJournal } from "../../../shared/outbox/sqlite-outbox.ts";
import type { Saxbridge } from "../../support/saxbridge-process.ts";
import { silentLog } from "../../support/silent-log.ts";

const FILE = "outbox.sqlite";

/**
 * How many entries of these queues a new start would find. Looks at a copy, because the program lets
 * nobody else open the file; rejects when that was made in the middle of a commit: ask again.
 */
export async function keptOnDisk(
  { stateDirectory }: Saxbridge,
  queues: readonly string[],
): Promise<number> {
  const copy = await mkdtemp(join(tmpdir(), "saxbridge-outbox-"));
  try {
    for (const name of [FILE, `${FILE}-wal`]) {
      await copyFile(join(stateDirectory, name), join(copy, name));
    }
    const journal = openSqliteJournal(join(copy, FILE), silentLog);
    const kept = queues.reduce((sum, queue) => sum + journal.load(queue).length, 0);
    journal.close();
    return kept;
  } finally {
    await rm(copy, { recursive: true });
  }
}

import type Database from "better-sqlite3";
import type { Clock } from "../clock.ts";
import type { Row } from "./journal.ts";
import type { Kept, Stored } from "./kept.ts";
import type { KeptRows, StoredQueue } from "./kept-rows.ts";
import type { IdSlice, RememberedIds } from "./remembered-ids.ts";
import type { KeptFate } from "./trail.ts";
import { type TrailBounds, TrailTable } from "./trail-table.ts";

/** A journal as it stands in the tables of a database. */
export interface Tables {
  /** Everything but the fates. Throws when it cannot be read. */
  read(): Stored;
  /** Writes what changed as one transaction; throws, with nothing written, when it cannot. */
  save(kept: Kept): void;
  /** Fates as of now, newest first. */
  fates(): Iterable<readonly KeptFate[]>;
}

/** More rows than that make several batches, so that none is long to read or to be kept. */
const MOST_IN_BATCH = 1_000;

export function tablesOf(
  database: Database.Database,
  bounds: TrailBounds,
  clock: Pick<Clock, "now" | "wallNow">,
): Tables {
  const writeQueue = queueWriter(database);
  const writeIds = idsWriter(database);
  const writeNote = noteWriter(database);
  const trail = new TrailTable(database, bounds, clock);
  const write = database.transaction((kept: Kept) => {
    const written = [...kept.changedQueues].map(writeQueue);
    for (const [queue, ids] of kept.changedIds) written.push(writeIds(queue, ids));
    for (const [name, value] of kept.changedNotes) writeNote(name, value);
    written.push(trail.write(kept.fates));
    return written;
  });
  return {
    read: () => ({
      queues: readQueues(database),
      ids: readIds(database),
      notes: readNotes(database),
      lastSeq: readLastSeq(database),
    }),
    save(kept) {
      for (const committed of write.immediate(kept)) committed();
      kept.saved();
    },
    fates: () => trail.newestFirst(),
  };
}

/** Called when what was written is committed. */
type Committed = () => void;

function queueWriter(database: Database.Database): (queue: KeptRows) => Committed {
  const insert = database.prepare("INSERT INTO batch VALUES (?, ?, ?)");
  const drop = database.prepare("DELETE FROM batch WHERE last = ?");
  const advance = database.prepare(
    `INSERT INTO progress (queue, front, beyond, said) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE
      SET front = excluded.front, beyond = excluded.beyond, said = excluded.said`,
  );
  return (queue) => {
    const changes = queue.changes();
    const { rows, doneBatches, progress } = changes;
    const batches: number[] = [];
    for (let from = 0; from < rows.length; from += MOST_IN_BATCH) {
      const batch = rows.slice(from, from + MOST_IN_BATCH);
      const last = batch.at(-1)?.seq ?? 0;
      insert.run(last, queue.queue, rowsAsJson(batch));
      batches.push(last);
    }
    for (const last of doneBatches) drop.run(last);
    if (progress !== undefined) {
      const { front, beyond, said } = progress;
      advance.run(queue.queue, front, JSON.stringify(beyond), JSON.stringify(said));
    }
    return () => queue.saved(changes, batches);
  };
}

function idsWriter(database: Database.Database) {
  const insert = database.prepare("INSERT INTO remembered VALUES (?, ?, ?, ?)");
  const drop = database.prepare("DELETE FROM remembered WHERE queue = ? AND n <= ?");
  return (queue: string, ids: RememberedIds): Committed => {
    const { slices, goneTo } = ids.changes();
    for (const { n, at, ids: some } of slices) insert.run(queue, n, at, JSON.stringify(some));
    if (goneTo > 0) drop.run(queue, goneTo);
    return () => ids.saved();
  };
}

function noteWriter(database: Database.Database) {
  const set = database.prepare("INSERT OR REPLACE INTO note VALUES (?, ?)");
  const forget = database.prepare("DELETE FROM note WHERE name = ?");
  return (name: string, value: string | undefined): void => {
    if (value === undefined) forget.run(name);
    else set.run(name, value);
  };
}

function readQueues(database: Database.Database): readonly StoredQueue[] {
  const names = database
    .prepare<[], string>("SELECT queue FROM batch UNION SELECT queue FROM progress")
    .pluck();
  const batches = database.prepare<[string], { last: number; rows: string }>(
    "SELECT last, rows FROM batch WHERE queue = ? ORDER BY last",
  );
  const progress = database.prepare<[string], { front: number; beyond: string; said: string }>(
    "SELECT front, beyond, said FROM progress WHERE queue = ?",
  );
  return names.all().map((queue) => {
    const stored = batches.all(queue);
    const { front = 0, beyond = "[]", said = "[]" } = progress.get(queue) ?? {};
    return {
      queue,
      batches: stored.map(({ last }) => last),
      rows: stored.flatMap(({ rows }) => rowsFromJson(queue, rows)),
      // Both were written above, as JSON of just this.
      progress: { front, beyond: JSON.parse(beyond), said: JSON.parse(said) },
    };
  });
}

function readIds(database: Database.Database): ReadonlyMap<string, readonly IdSlice[]> {
  const queues = database.prepare<[], string>("SELECT DISTINCT queue FROM remembered").pluck();
  const slices = database.prepare<[string], { n: number; at: number; ids: string }>(
    "SELECT n, at, ids FROM remembered WHERE queue = ? ORDER BY n",
  );
  return new Map(
    queues
      .all()
      .map((queue) => [
        queue,
        slices.all(queue).map(({ n, at, ids }) => ({ n, at, ids: JSON.parse(ids) })),
      ]),
  );
}

function readNotes(database: Database.Database): ReadonlyMap<string, string> {
  const notes = database.prepare<[], [string, string]>("SELECT name, value FROM note").raw();
  return new Map(notes.all());
}

/** What was settled out of order counts, too: a new entry with such a seq would pass for settled. */
function readLastSeq(database: Database.Database): number {
  const last = database.prepare<[], number>(
    `SELECT ifnull(max(n), 0) FROM (
      SELECT last n FROM batch UNION ALL SELECT front FROM progress
      UNION ALL SELECT value FROM progress, json_each(beyond)
    )`,
  );
  return last.pluck().get() ?? 0;
}

/** A row in the JSON of a batch. */
type StoredRow = Omit<Row, "value" | "queue"> & { readonly value: unknown };

/** The values are JSON already. */
function rowsAsJson(rows: readonly Row[]): string {
  const texts = rows.map(({ seq, id, at, value, standsFor }) => {
    const more = standsFor === undefined ? "" : `,"standsFor":${JSON.stringify(standsFor)}`;
    return `{"seq":${seq},"id":${JSON.stringify(id)},"at":${at},"value":${value}${more}}`;
  });
  return `[${texts.join(",")}]`;
}

function rowsFromJson(queue: string, rows: string): readonly Row[] {
  const stored: readonly StoredRow[] = JSON.parse(rows);
  return stored.map((row) => ({ ...row, queue, value: JSON.stringify(row.value) }));
}

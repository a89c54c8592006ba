import { describe, expect, test } from "vitest";
import type { Logger } from "../../../shared/observe/logger.ts";
import type { Disk } from "../../../shared/outbox/disk.ts";
import { DiskWriter } from "../../../shared/outbox/disk-writer.ts";
import { Kept } from "../../../shared/outbox/kept.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { silentLog } from "../../support/silent-log.ts";

/** A disk that fails as long as the test wants it to. */
function failingDisk() {
  const kept = new Kept(new FakeClock());
  const logged: string[] = [];
  const keepsLog = (event: string) => void logged.push(event);
  const log: Logger = { ...silentLog, info: keepsLog, error: keepsLog };
  const fails: { write?: Error; sync?: Error; file?: Error } = {};
  const disk: Disk = {
    tables: {
      read: () => ({ lastSeq: 0, queues: [], ids: new Map(), notes: new Map() }),
      save() {
        if (fails.write !== undefined) throw fails.write;
        for (const queue of kept.changedQueues) queue.saved(queue.changes(), []);
        kept.saved();
      },
      fates: () => [],
    },
    sync: (done) => done(fails.sync),
    damage: () => fails.file,
    close() {},
  };
  const writer = new DiskWriter({
    kept,
    disk,
    open: () => disk,
    setAside() {
      delete fails.file;
      logged.push("set aside");
    },
    log,
  });
  const append = (seq: number, safe?: () => void) => {
    const row = { seq, queue: "q", id: `id-${seq}`, at: 5, value: "{}" };
    kept.changing("q").add(row);
    writer.appended(row, safe);
    writer.flush();
  };
  return { writer, kept, logged, fails, append };
}

describe("DiskWriter", () => {
  test("lets nobody wait for a disk that cannot be written, and counts what is not on it", async () => {
    const { writer, logged, fails, append } = failingDisk();
    fails.write = new Error("database or disk is full");
    for (const seq of [1, 2]) await new Promise<void>((safe) => append(seq, safe));
    expect(writer.inMemoryOnly).toBe(2);
    expect(writer.trouble.sentence).toBe("outbox cannot be written: database or disk is full");
    expect(logged).toEqual(["outbox cannot be written"]);
    writer.close();
  });

  test("never calls back in the middle of what its caller does", async () => {
    const { writer, fails, append } = failingDisk();
    fails.write = new Error("database or disk is full");
    let isSafe = false;
    append(1, () => (isSafe = true));
    expect(isSafe).toBe(false);
    await Promise.resolve();
    expect(isSafe).toBe(true);
    writer.close();
  });

  test("does not count what was settled meanwhile", () => {
    const { writer, kept, fails, append } = failingDisk();
    fails.write = new Error("database or disk is full");
    for (const seq of [1, 2, 3]) append(seq);
    kept.changing("q").settle(2, 1);
    expect(writer.inMemoryOnly).toBe(2);
    writer.close();
  });

  test("tries a last time at the end, and says what is lost if that fails too", () => {
    const healed = failingDisk();
    healed.fails.write = new Error("database or disk is full");
    healed.append(1);
    delete healed.fails.write;
    healed.writer.close();
    expect(healed.logged).toEqual(["outbox cannot be written", "outbox on disk again"]);

    const full = failingDisk();
    full.fails.write = new Error("database or disk is full");
    full.append(1);
    full.writer.close();
    expect(full.logged.at(-1)).toBe("outbox closed with entries that are not on disk");
  });

  test("begins a new file when the old one may not be on disk, and writes all into it", () => {
    const { writer, kept, logged, fails, append } = failingDisk();
    append(1);
    fails.file = new Error("EIO: i/o error, fsync");
    let unsaved = -1;
    append(2, () => (unsaved = kept.queue("q").unsaved));
    expect(logged).toEqual(["set aside"]);
    expect([unsaved, writer.trouble.sentence]).toEqual([0, undefined]);
    writer.close();
  });

  test("calls back when the disk does not say that it is safe, and gives the alarm", () => {
    const { writer, logged, fails, append } = failingDisk();
    const heard: (string | undefined)[] = [];
    writer.trouble.onChange((sentence) => heard.push(sentence));
    fails.sync = new Error("EIO: i/o error, fsync");
    let safe = 0;
    append(1, () => (safe += 1));
    append(2, () => (safe += 1));
    expect(safe).toBe(2);
    expect(writer.inMemoryOnly).toBe(0);
    delete fails.sync;
    append(3, () => (safe += 1));
    expect(heard).toEqual(["outbox may not survive a power cut: EIO: i/o error, fsync", undefined]);
    expect(logged).toEqual(["outbox cannot be synced", "outbox safe again"]);
    writer.close();
  });
});

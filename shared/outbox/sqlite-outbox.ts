import { statSync } from "node:fs";
import { type Clock, systemClock } from "../clock.ts";
import { errorMessage } from "../error-message.ts";
import type { Logger } from "../observe/logger.ts";
import { claim } from "./claim.ts";
import { type Disk, openDisk } from "./disk.ts";
import { isDamaged, isFull, isLocked, LastingError } from "./disk-error.ts";
import { DiskWriter } from "./disk-writer.ts";
import { FINGERPRINT_KEY, keyedFingerprint, newFingerprintKey } from "./fingerprint.ts";
import { Kept, type Stored } from "./kept.ts";
import { memoryJournal, type OpenJournal } from "./memory-journal.ts";
import { setAside } from "./set-aside.ts";
import type { TrailBounds } from "./trail-table.ts";

export interface SqliteOptions {
  readonly trail: TrailBounds;
  /** Whether the trail keeps what was said, and not only a fingerprint of it. */
  readonly keepsTexts: boolean;
  readonly clock: Clock;
}

/** How long another program may have the file at the start, in milliseconds. */
const PATIENCE = 5_000;

/**
 * Opens the journal in a SQLite file: in memory, with a shadow on the disk. What was flushed survives
 * `kill -9`; within a second, or when `safe` is called, also a power cut.
 *
 * Throws when it cannot be read or written; `isLasting` tells whether waiting may help. It does not, for one,
 * when another saxbridge has the file. Of the rest it heals: a full disk, and a damaged file, which is set aside.
 */
export function openSqliteJournal(
  path: string,
  log: Logger,
  { trail = A_WEEK, keepsTexts = false, clock = systemClock }: Partial<SqliteOptions> = {},
): OpenJournal {
  const letGo = claimOutbox(path);
  const open = (patience = 0) => openDisk(path, { trail, clock, patience });
  const putAside = (error: unknown, lost: string) =>
    log.error("outbox damaged", { error, movedTo: setAside(path, clock.wallNow()), lost });
  try {
    const { disk, stored } = openFirst(path, open, putAside);
    const kept = new Kept(clock, stored);
    const writer = new DiskWriter({
      kept,
      disk,
      open,
      setAside: (error) => putAside(error, LOST_WHILE_RUNNING),
      log,
    });
    const memory = memoryJournal({
      kept,
      clock,
      keepsTexts,
      fingerprint: keyedFingerprint(keyOf(kept)),
      olderFates: () => writer.disk?.tables.fates() ?? [],
      onChange: (isUrgent) => writer.changed(isUrgent),
    });
    return {
      ...memory,
      append(row, safe) {
        memory.append(row);
        writer.appended(row, safe);
      },
      flush: () => writer.flush(),
      get trouble() {
        return writer.trouble.sentence;
      },
      get inMemoryOnly() {
        return writer.inMemoryOnly;
      },
      onTrouble: (listener) => writer.trouble.onChange(listener),
      close() {
        writer.close();
        letGo();
      },
    };
  } catch (error) {
    letGo();
    throw cannotOpen(path, error);
  }
}

const A_WEEK: TrailBounds = { keepFor: 7 * 86_400_000, maxBytes: 16 * 1_048_576 };

const LOST_AT_START = "what waited to be said, how far rooms were read, and the audit trail";
const LOST_WHILE_RUNNING = "the audit trail";

/** Of the other process we know only that it is one of us: nobody else locks that file. */
function claimOutbox(path: string): () => void {
  try {
    return claim(`${path}-lock`);
  } catch (error) {
    if (!isLocked(error)) throw cannotOpen(path, error);
    const why = "another saxbridge is running with this state directory";
    throw new LastingError(`Cannot open outbox ${path}: ${why}`, { cause: error });
  }
}

/** What an earlier run left, and the disk: none when it is too full for a first file. */
interface First {
  readonly disk?: Disk;
  readonly stored?: Stored;
}

/** Begins a new file where the old one is damaged; once, because a disk that damages that one as well is broken. */
function openFirst(
  path: string,
  open: (patience: number) => Disk,
  putAside: (error: unknown, lost: string) => void,
): First {
  try {
    return openUnlessFull(path, open);
  } catch (error) {
    if (!isDamaged(error)) throw error;
    putAside(error, LOST_AT_START);
    return openUnlessFull(path, open);
  }
}

function openUnlessFull(path: string, open: (patience: number) => Disk): First {
  try {
    return openAndRead(open);
  } catch (error) {
    if (isFull(error) && isEmpty(path)) return {};
    throw error;
  }
}

function isEmpty(path: string): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.size ?? 0) === 0;
}

function openAndRead(open: (patience: number) => Disk): First {
  const disk = open(PATIENCE);
  try {
    return { disk, stored: disk.tables.read() };
  } catch (error) {
    disk.close();
    throw error;
  }
}

function cannotOpen(path: string, error: unknown): Error {
  const why = isLocked(error) ? "another program has locked it" : errorMessage(error);
  return new Error(`Cannot open outbox ${path}: ${why}`, { cause: error });
}

/** Random, and kept with what it is for. */
function keyOf(kept: Kept): string {
  const known = kept.notes.get(FINGERPRINT_KEY);
  if (known !== undefined) return known;
  const key = newFingerprintKey();
  kept.setNote(FINGERPRINT_KEY, key);
  return key;
}

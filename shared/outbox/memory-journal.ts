import { type Clock, systemClock } from "../clock.ts";
import type { Journal, KeptRow } from "./journal.ts";
import { Kept } from "./kept.ts";
import {
  type Fingerprint,
  findInTrail,
  type KeptFate,
  normaliseText,
  type Trail,
} from "./trail.ts";

/** A journal as the one has it who opened it. */
export interface OpenJournal extends Journal {
  readonly trail: Trail;
  /** The queues of an earlier run that nobody has loaded in this one, and how many rows wait in each. */
  unclaimed(): readonly { readonly queue: string; readonly count: number }[];
  /** Why something is not on disk that should be, in a sentence. */
  readonly trouble: string | undefined;
  /** How many unsettled entries are not on disk because of that. */
  readonly inMemoryOnly: number;
  /** Tells of every trouble, and with undefined of its end. */
  onTrouble(listener: (trouble: string | undefined) => void): void;
  /** Writes what is left, and ends. */
  close(): void;
}

export interface MemoryOptions {
  /** What is kept; nothing yet when not given. */
  readonly kept: Kept;
  readonly clock: Clock;
  readonly keepsTexts: boolean;
  readonly fingerprint: Fingerprint;
  /** Fates that are no longer in memory, newest first. */
  readonly olderFates: () => Iterable<readonly KeptFate[]>;
  /** Told of every change: whether it has to be saved at the end of this turn of the event loop. */
  readonly onChange: (isUrgent: boolean) => void;
}

/**
 * A journal that forgets everything with the process: for whoever wants no file, for checks and tests. And
 * the one on disk, without the disk.
 */
export function memoryJournal({
  clock = systemClock,
  kept = new Kept(clock),
  keepsTexts = false,
  fingerprint = (text) => text,
  olderFates = () => [],
  onChange = () => {},
}: Partial<MemoryOptions> = {}): OpenJournal {
  return {
    nextSeq: () => ++kept.lastSeq,
    append(row, safe) {
      kept.changing(row.queue).add(row);
      if (safe !== undefined) queueMicrotask(safe);
      onChange(true);
    },
    said(queue, seq) {
      kept.changing(queue).said(seq);
      onChange(true);
    },
    unsaid(queue, seq) {
      kept.changing(queue).unsaid(seq);
      onChange(true);
    },
    settle(queue, seq, front) {
      kept.changing(queue).settle(seq, front);
      onChange(true);
    },
    load(name) {
      const queue = kept.queue(name);
      queue.isUnclaimed = false;
      return [...queue.unsettled()];
    },
    unclaimed: () =>
      [...kept.queues]
        .filter(({ isUnclaimed }) => isUnclaimed)
        .map(({ queue, count }) => ({ queue, count })),
    remember(queue, id) {
      kept.remember(queue, id);
      onChange(false);
    },
    remembers: (queue, id) => kept.ids(queue).has(id),
    note: (name) => kept.notes.get(name),
    setNote(name, value) {
      if (kept.notes.get(name) === value) return;
      kept.setNote(name, value);
      onChange(false);
    },
    record({ queue, id, takenAt, at, code, nick, text: said }) {
      const text = keepsTexts ? said : undefined;
      const seen = fingerprint(normaliseText(said));
      kept.addFate({ queue, id, takenAt, at, code, nick, fingerprint: seen, text });
      onChange(false);
    },
    flush() {},
    trouble: undefined,
    inMemoryOnly: 0,
    onTrouble() {},
    close() {},
    trail: {
      find: (query, signal) =>
        findInTrail(query, {
          fates: newestFates(kept, olderFates),
          unsettled: unsettledOf(kept),
          fingerprint,
          clock,
          signal,
        }),
    },
  };
}

function* newestFates(
  kept: Kept,
  older: () => Iterable<readonly KeptFate[]>,
): Generator<readonly KeptFate[]> {
  // Both at this moment: what is in memory may go to disk before we come to that.
  const rest = older();
  yield kept.fates;
  yield* rest;
}

function* unsettledOf(kept: Kept): Generator<KeptRow> {
  for (const queue of kept.queues) yield* queue.unsettled();
}

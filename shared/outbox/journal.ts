import type { LeftOut } from "./left-out.ts";

/** An entry as a journal keeps it. */
export interface Row {
  readonly seq: number;
  readonly queue: string;
  readonly id: string;
  /** When it was taken, or said where it comes from, in milliseconds since 1970. */
  readonly at: number;
  /** The value as JSON. */
  readonly value: string;
  /** In a summary alone: what it tells of. */
  readonly standsFor?: LeftOut;
}

/** A row that an earlier run left. */
export interface KeptRow extends Row {
  /** That run may have said it: nobody was there any more to learn whether it was heard. */
  readonly wasSaid: boolean;
}

/** How the way of a message through the program ended, or what became of it on arrival. */
export interface Fate {
  readonly queue: string;
  readonly id: string;
  /** When it was taken, in milliseconds since 1970. */
  readonly takenAt: number;
  /** When its fate was known, in milliseconds since 1970. */
  readonly at: number;
  /** A reason code such as `delivered`, `uncertain`, `expired`, `refused: 404`, `ignored: notice`. */
  readonly code: string;
  /** Who said it, for people. */
  readonly nick: string | undefined;
  /** What was said, to find it by; whether it is kept is the trail's choice. */
  readonly text: string;
}

/** Small facts that survive a restart, by name: how far a room was read, which server is in quarantine. */
export interface Notes {
  note(name: string): string | undefined;
  /**
   * Goes to disk together with whatever else changes, within a second at the latest. Undefined forgets
   * the fact.
   */
  setNote(name: string, value: string | undefined): void;
}

/**
 * What survives a restart. Everything that changes in one turn of the event loop is one transaction, so
 * that after a crash the facts agree with each other.
 *
 * The law by which nothing is lost and nothing said twice: **nothing leaves the process before what led
 * to it is written down**. Whoever writes bytes to a server calls `flush()` first, in a later phase of
 * the event loop than everything that asked for those bytes.
 *
 * No method throws. When the disk fails, all goes on in memory, and returns to the disk by itself.
 */
export interface Journal extends Notes {
  nextSeq(): number;
  /**
   * Keeps the row: it outlives this process from the next `flush()` on, at the end of this turn at the
   * latest. `safe` is called when it outlives a power cut as well, or when the disk fails.
   */
  append(row: Row, safe?: () => void): void;
  /** The row is being said: until it is settled, nobody can tell whether it was heard. */
  said(queue: string, seq: number): void;
  /** The row was not said after all. */
  unsaid(queue: string, seq: number): void;
  /** Lets the row `seq` of a queue go, and all below `front`. */
  settle(queue: string, seq: number, front: number): void;
  /** The rows of one queue that an earlier run left, oldest first. */
  load(queue: string): readonly KeptRow[];
  /** Remembers that the queue has settled this id, for a day. */
  remember(queue: string, id: string): void;
  /** Whether the queue has settled this id within the last day. */
  remembers(queue: string, id: string): boolean;
  /** Keeps the fate of a message for whoever asks why; bounded by age and bytes. */
  record(fate: Fate): void;
  /** Hands all changes to the operating system: from now on they outlive this process. Does not wait for the disk. */
  flush(): void;
}

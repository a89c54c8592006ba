import type { Clock } from "../clock.ts";
import type { Logger } from "../observe/logger.ts";

/** Something that was taken and has to be said. */
export interface Entry<T> {
  /** Rises with every entry of the journal: the order in which entries were taken. */
  readonly seq: number;
  /** By which the far side can know it again; unique in its queue. */
  readonly id: string;
  /** When it was taken, in milliseconds since 1970. */
  readonly at: number;
  readonly value: T;
}

/** An entry as a journal keeps it. */
export interface Row {
  readonly seq: number;
  readonly queue: string;
  readonly id: string;
  readonly at: number;
  /** The value as JSON. */
  readonly value: string;
}

/**
 * Where entries survive a restart. Changes are grouped: what is written in one turn of the event loop
 * is committed together at its end, with one wait for the disk.
 */
export interface Journal {
  nextSeq(): number;
  /**
   * Keeps the row: writes it within so many milliseconds, 0 for the end of this turn of the event loop,
   * and calls back when it is on disk.
   */
  append(row: Row, withinMs: number, committed?: () => void): void;
  /**
   * Lets the row `seq` of a queue go, and all below `front`: one that never reached the disk never will.
   */
  settle(queue: string, seq: number, front: number): void;
  /** The rows of one queue that an earlier run left, oldest first. */
  load(queue: string): readonly Row[];
}

export interface OutboxOptions<T> {
  readonly queue: string;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly log: Logger;
  readonly maxEntries: number;
  /** Bound of all values together, in characters of their JSON. */
  readonly maxBytes: number;
  readonly toDisk: ToDisk;
  /** What to say in the place of entries that were left out. */
  readonly summarise: (leftOut: LeftOut) => T;
}

/**
 * When an entry is written to disk:
 * - `before-said`: at once, and it is said only then;
 * - `when-said`: at once, and it may be said sooner, because a commit waits for the disk;
 * - `unless-confirmed`: when the far side has not confirmed it a moment after it was said, at once
 *   when it cannot be said. What the kernel was handed goes out whatever becomes of this process, so
 *   that the disk need not see what is confirmed in milliseconds.
 */
export type ToDisk = "before-said" | "when-said" | "unless-confirmed";

/** How long what was said may wait for its confirmation before it is written, in milliseconds. */
const CONFIRMED_WITHIN = 30;

/** Entries that the outbox had no room for. */
export interface LeftOut {
  readonly count: number;
  /** When the first of them came, in milliseconds since 1970. */
  readonly since: number;
}

/** Once full, the outbox takes nothing until it is this empty: one summary then stands for many. */
const REOPEN_AT = 0.9;

/** Ids of settled entries that are remembered, so that who was not sure and sends again is heard once. */
const MOST_SETTLED_IDS = 1_000;

/** An id that the outbox makes up, of which no other entry of this or any run has the like. */
export interface NewId {
  readonly beginning: string;
}

/** What became of `put`: taken, left out because the outbox is full, or nothing: it has that id already. */
export type Taken = "taken" | "full" | "known";

/**
 * A bounded queue of what has to be said in one place, oldest first. What `put` took is kept until it
 * is settled: through a restart when the journal is on disk. When it is full it takes nothing more,
 * counts what it leaves out, and takes one summary in their place as soon as there is room again.
 */
export class Outbox<T> {
  readonly #options: OutboxOptions<T>;
  readonly #run: string;
  readonly #entries = new Map<number, { readonly entry: Entry<T>; readonly size: number }>();
  readonly #ids = new Set<string>();
  readonly #settledIds = new Set<string>();
  /** Entries that can be said, by rising seq; some of them may be settled already. */
  #ready: Entry<T>[] = [];
  #bytes = 0;
  #leftOut: LeftOut | undefined;
  #sayMore: () => number = () => 0;

  constructor(options: OutboxOptions<T>) {
    this.#options = options;
    this.#run = runPrefix(options.clock);
    for (const row of options.journal.load(options.queue)) {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by us, as JSON of a T
      const entry: Entry<T> = { ...row, value: JSON.parse(row.value) as T };
      this.#keep(entry, row.value.length);
      this.#ids.add(entry.id);
      this.#ready.push(entry);
    }
  }

  /** How many entries are not settled. */
  get pending(): number {
    return this.#entries.size;
  }

  /** When the oldest unsettled entry was taken, in milliseconds since 1970. */
  get oldestAt(): number | undefined {
    return this.#entries.values().next().value?.entry.at;
  }

  /**
   * Takes a value. The same id again is the same entry; without one it gets one that no entry of this or
   * any other run has.
   */
  put(id: string | NewId | undefined, value: T): Taken {
    if (typeof id === "string" && this.#isKnown(id)) return "known";
    if (this.#isFull()) {
      this.#leaveOut();
      return "full";
    }
    this.summariseLeftOut();
    this.#take(id, value);
    return "taken";
  }

  /** Lets an entry go: it was said, or never will be. */
  settle(entry: Entry<T>): void {
    const kept = this.#entries.get(entry.seq);
    if (kept === undefined) return;
    this.#entries.delete(entry.seq);
    this.#bytes -= kept.size;
    if (this.#ids.delete(entry.id)) this.#rememberSettled(entry.id);
    const { journal, queue } = this.#options;
    journal.settle(queue, entry.seq, this.#front(entry.seq));
    if (this.#entries.size === 0) this.summariseLeftOut();
  }

  /** The unsettled entries that can be said, oldest first, after the given seq. */
  *readyAfter(seq: number): Generator<Entry<T>> {
    this.#forgetSettled();
    for (let i = this.#firstAfter(seq); i < this.#ready.length; i += 1) {
      const entry = this.#ready[i];
      if (entry !== undefined && this.#entries.has(entry.seq)) yield entry;
    }
  }

  /**
   * Takes the summary of what was left out, if anything was, even where there is no room for it: before
   * the program ends, so that the next start says it.
   */
  summariseLeftOut(): void {
    if (this.#leftOut === undefined) return;
    const { summarise, log, queue } = this.#options;
    const { count, since } = this.#leftOut;
    log.warn("left out", { queue, count, since: new Date(since).toISOString() });
    this.#take(undefined, summarise(this.#leftOut));
    this.#leftOut = undefined;
  }

  /**
   * Calls back whenever there may be something new to say; one listener at a time. It returns the seq up
   * to which it has said everything.
   */
  onChange(sayMore: () => number): void {
    this.#sayMore = sayMore;
  }

  /** The oldest unsettled seq; all below it are settled. */
  #front(settled: number): number {
    const oldest = this.#entries.keys().next();
    return oldest.done ? settled + 1 : oldest.value;
  }

  #isKnown(id: string): boolean {
    return this.#ids.has(id) || this.#settledIds.has(id);
  }

  #isFull(): boolean {
    const { maxEntries, maxBytes } = this.#options;
    const part = this.#leftOut === undefined ? 1 : REOPEN_AT;
    return this.#entries.size >= maxEntries * part || this.#bytes >= maxBytes * part;
  }

  #leaveOut(): void {
    const { clock, log, queue } = this.#options;
    if (this.#leftOut === undefined) log.warn("outbox full", { queue, entries: this.pending });
    const { count, since } = this.#leftOut ?? { count: 0, since: clock.wallNow() };
    this.#leftOut = { count: count + 1, since };
  }

  #take(wanted: string | NewId | undefined, value: T): void {
    const { queue, journal, clock, toDisk } = this.#options;
    const text = JSON.stringify(value);
    const seq = journal.nextSeq();
    const id =
      typeof wanted === "string"
        ? wanted
        : `${wanted?.beginning ?? ""}${this.#run}${seq.toString(36)}`;
    const entry: Entry<T> = { seq, id, at: clock.wallNow(), value };
    this.#keep(entry, text.length);
    // Nobody can come again with an id that we made up.
    if (typeof wanted === "string") this.#ids.add(id);
    const release = () => {
      this.#ready.push(entry);
      return this.#sayMore() >= seq;
    };
    const row = { seq, queue, id, at: entry.at, value: text };
    if (toDisk === "before-said") return journal.append(row, 0, release);
    const wasSaid = release();
    journal.append(row, wasSaid && toDisk === "unless-confirmed" ? CONFIRMED_WITHIN : 0);
  }

  #keep(entry: Entry<T>, size: number): void {
    this.#entries.set(entry.seq, { entry, size });
    this.#bytes += size;
  }

  #rememberSettled(id: string): void {
    this.#settledIds.add(id);
    if (this.#settledIds.size <= MOST_SETTLED_IDS) return;
    const [oldest = ""] = this.#settledIds;
    this.#settledIds.delete(oldest);
  }

  /** Drops settled entries from the front, now and then, so that this costs nothing per entry. */
  #forgetSettled(): void {
    const half = this.#ready.length / 2;
    if (this.#ready.length < 64 || this.#entries.size > half) return;
    this.#ready = this.#ready.filter((entry) => this.#entries.has(entry.seq));
  }

  #firstAfter(seq: number): number {
    let low = 0;
    let high = this.#ready.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#ready[middle]?.seq ?? 0) > seq) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

/** What ids of this run begin with: time and chance tell them from those of a journal that was deleted. */
function runPrefix(clock: Clock): string {
  const parts = [clock.wallNow(), clock.random() * 2 ** 52];
  return parts.map((part) => `${Math.floor(part).toString(36)}-`).join("");
}

import { Alarm } from "../alarm.ts";
import type { Clock } from "../clock.ts";
import type { Logger } from "../observe/logger.ts";
import { BySeq } from "./by-seq.ts";
import type { Fate, Journal } from "./journal.ts";
import { type LeftOut, LeftOuts, type WhyLeftOut } from "./left-out.ts";

/** Something that was taken and has to be said. */
export interface Entry<T> {
  /** Rises with every entry of the journal: the order in which entries were taken. */
  readonly seq: number;
  /** By which the far side can know it again; unique in its queue. */
  readonly id: string;
  /** When it was taken, or said where it comes from, in milliseconds since 1970. */
  readonly at: number;
  readonly value: T;
  /** In a summary alone: what it tells of. */
  readonly standsFor?: LeftOut;
}

export interface OutboxOptions<T> {
  readonly queue: string;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly log: Logger;
  readonly maxEntries: number;
  /** Bound of all values together, in characters of their JSON. */
  readonly maxBytes: number;
  /** What is older is not said any more, in milliseconds. */
  readonly maxAgeMs: number;
  readonly toDisk: ToDisk;
  /** Whether delivered ids that the caller gave are known for a day, also after a restart. */
  readonly rememberIds: boolean;
  /** What the ids that it makes up begin with. */
  readonly idPrefix?: () => string;
  /** What to say in the place of entries that were left out. */
  readonly summarise: (leftOut: LeftOut) => T;
  /** What the audit trail finds a value by. */
  readonly describe: (value: T) => Pick<Fate, "nick" | "text">;
}

/**
 * When an entry may be said:
 * - `before-said`: when it is safe from a power cut;
 * - `when-said`: at once. The transports see to it that it is written down before it leaves.
 */
export type ToDisk = "before-said" | "when-said";

/** Once full, the outbox takes nothing until it is this empty: one summary then stands for many. */
const REOPEN_AT = 0.9;

/**
 * Where entries grow too old one by one, one summary stands for those of so many milliseconds. And a summary
 * that was lost is followed by another one no sooner, or a place that refuses all would hear nothing else.
 */
const SUMMARY_INTERVAL = 60_000;

/** What is too old is let go in so many at a time: all else goes on meanwhile, and their fates get to disk. */
const MOST_EXPIRED_AT_ONCE = 500;

/** Ids of settled entries that are remembered where the journal does not remember them for longer. */
const MOST_SETTLED_IDS = 1_000;

/** What became of `put`: taken, left out because the outbox is full, or nothing: it has that id already. */
export type Taken = "taken" | "full" | "known";

interface Kept<T> {
  readonly entry: Entry<T>;
  readonly size: number;
  /** When it would have been taken by the monotonic clock, which nobody sets. */
  readonly born: number;
  /** Somebody is about to say it, or has. */
  isOut: boolean;
  /** It has left, or is about to: it may have been heard. */
  wasSaid: boolean;
}

/**
 * A bounded queue of what has to be said in one place, oldest first. What `put` took is kept until it
 * is settled: through a restart when the journal is on disk. What it leaves out, because there is no
 * room or because it waited for too long, it counts, and takes one summary in the place of many.
 */
export class Outbox<T> {
  /** How many entries ended in which way in this run; `refused` whatever the reason. */
  readonly fates: Record<string, number> = {};
  readonly #options: OutboxOptions<T>;
  readonly #run: string;
  /** All that is not settled. */
  readonly #kept = new BySeq<Kept<T>>();
  /** Up to here entries can be said. */
  #readyUpTo = 0;
  readonly #ids = new Set<string>();
  readonly #settledIds = new Set<string>();
  readonly #leftOut: LeftOuts;
  /** Set while no summary may be taken, because one was lost. */
  readonly #summaryRest: Alarm;
  #bytes = 0;
  #nextSummaryAt = 0;
  /** Enough was let go for this turn of the event loop. */
  #restsFromExpiring = false;
  #movedAt = 0;
  #lastDeliveredAt: number | undefined;
  #sayMore: (() => void) | undefined;
  #tellExpired: (entry: Entry<T>) => void = () => {};

  constructor(options: OutboxOptions<T>) {
    const { queue, journal, clock } = options;
    this.#options = options;
    this.#run = runPrefix(clock);
    this.#leftOut = new LeftOuts(journal, queue);
    this.#summaryRest = new Alarm(clock, () => this.#sayMore?.());
    for (const { wasSaid, ...row } of journal.load(queue)) {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by us, as JSON of a T
      const entry: Entry<T> = { ...row, value: JSON.parse(row.value) as T };
      this.#keep(entry, row.value.length, wasSaid);
      this.#ids.add(entry.id);
      this.#readyUpTo = entry.seq;
    }
  }

  /** How many entries are not settled. */
  get pending(): number {
    return this.#kept.size;
  }

  /** When the oldest unsettled entry was taken, in milliseconds since 1970. */
  get oldestAt(): number | undefined {
    return this.#kept.oldest?.entry.at;
  }

  /** When the far side last confirmed something in this run, in milliseconds since 1970. */
  get lastDeliveredAt(): number | undefined {
    return this.#lastDeliveredAt;
  }

  /**
   * Since when, in monotonic milliseconds, nothing was given out and nothing settled although somebody
   * is there to say what waits; undefined while nothing waits or nobody is there.
   */
  get stuckSince(): number | undefined {
    return this.#sayMore === undefined || this.pending === 0 ? undefined : this.#movedAt;
  }

  /** What was said and is not settled, oldest first: nobody knows yet whether it was heard. */
  get doubtful(): readonly Entry<T>[] {
    return [...this.#kept.all()].filter(({ wasSaid }) => wasSaid).map(({ entry }) => entry);
  }

  /**
   * Takes a value. The same id again is the same entry; without one it gets one that no entry of this or
   * any other run has. `at` is when it was said where it comes from, in milliseconds since 1970: from
   * then on it grows old.
   */
  put(id: string | undefined, value: T, at = this.#options.clock.wallNow()): Taken {
    if (id !== undefined && this.#isKnown(id)) return "known";
    if (!this.#hasRoom()) {
      this.#leaveOut(this.#entryOf(id, value, at));
      return "full";
    }
    this.#summarise("too many");
    // Nobody can come again with an id that we made up.
    if (id !== undefined) this.#ids.add(id);
    this.#take(this.#entryOf(id, value, at));
    return "taken";
  }

  /** The entry is being said: until it is settled, nobody can tell whether it was heard. */
  said({ seq }: Entry<T>): void {
    const kept = this.#kept.get(seq);
    if (kept === undefined || kept.wasSaid) return;
    kept.wasSaid = true;
    this.#options.journal.said(this.#options.queue, seq);
  }

  /** The entry that was given out was not said after all, or was sent back: it waits again. */
  unsaid({ seq }: Entry<T>): void {
    const kept = this.#kept.get(seq);
    if (kept === undefined) return;
    kept.isOut = false;
    if (!kept.wasSaid) return;
    kept.wasSaid = false;
    this.#options.journal.unsaid(this.#options.queue, seq);
  }

  /** Lets an entry go: it was said, or never will be. The code says which, for the audit trail. */
  settle(entry: Entry<T>, code: string): void {
    const { journal, queue, clock, rememberIds } = this.#options;
    const kept = this.#kept.get(entry.seq);
    if (kept === undefined) return;
    this.#kept.remove(entry.seq);
    this.#bytes -= kept.size;
    this.#movedAt = clock.now();
    if (code === "delivered") this.#lastDeliveredAt = clock.wallNow();
    if (this.#ids.delete(entry.id)) {
      if (!rememberIds) this.#rememberSettled(entry.id);
      // Whoever tries again what was not heard means it.
      else if (code === "delivered") journal.remember(queue, entry.id);
    }
    // All below the oldest unsettled one are settled.
    journal.settle(queue, entry.seq, this.#kept.oldest?.entry.seq ?? entry.seq + 1);
    this.#record(entry, code);
    if (entry.standsFor !== undefined && code !== "delivered") this.#giveBack(entry.standsFor);
  }

  /** Puts on record why something that was heard is not said: `id` is what its sender called it, if anything. */
  passOver(code: string, { id, ...what }: Pick<Fate, "id" | "nick" | "text">): void {
    const { queue, journal, clock } = this.#options;
    const now = clock.wallNow();
    journal.record({ queue, id, takenAt: now, at: now, code, ...what });
  }

  /**
   * Gives out the oldest unsettled entry after the given seq that can be said; summaries that are due
   * among them. What is too old is let go on the way. What was said before is given out whatever its
   * age: only the place can tell whether it was heard.
   */
  giveNext(seq: number): Entry<T> | undefined {
    if (!this.#expireAfter(seq)) return undefined;
    this.#summariseWhatIsDue();
    const next = this.#kept.after(seq);
    if (next === undefined || next.entry.seq > this.#readyUpTo) return undefined;
    next.isOut = true;
    this.#movedAt = this.#options.clock.now();
    return next.entry;
  }

  /**
   * Calls back whenever there may be something new to say, while somebody is there to say it; one
   * listener at a time, undefined for nobody.
   */
  onChange(sayMore: (() => void) | undefined): void {
    this.#movedAt = this.#options.clock.now();
    this.#sayMore = sayMore;
  }

  /** Calls back with each entry that is let go because it is too old; one listener. */
  onExpired(listener: (entry: Entry<T>) => void): void {
    this.#tellExpired = listener;
  }

  #entryOf(id: string | undefined, value: T, at: number): Entry<T> {
    const { journal, idPrefix = () => "" } = this.#options;
    const seq = journal.nextSeq();
    return { seq, id: id ?? `${idPrefix()}${this.#run}${seq.toString(36)}`, at, value };
  }

  #take(entry: Entry<T>): void {
    const { queue, journal, toDisk } = this.#options;
    const { seq } = entry;
    const value = JSON.stringify(entry.value);
    this.#keep(entry, value.length, false);
    const release = () => {
      this.#readyUpTo = Math.max(this.#readyUpTo, seq);
      this.#sayMore?.();
    };
    const row = { ...entry, queue, value };
    if (toDisk === "before-said") return journal.append(row, release);
    journal.append(row);
    release();
  }

  #keep(entry: Entry<T>, size: number, wasSaid: boolean): void {
    const { clock } = this.#options;
    const now = clock.now();
    const born = now - Math.max(0, clock.wallNow() - entry.at);
    const kept = { entry, size, born, isOut: wasSaid, wasSaid };
    if (this.#kept.size === 0) this.#movedAt = now;
    this.#kept.add(entry.seq, kept);
    this.#bytes += size;
  }

  #isKnown(id: string): boolean {
    const { journal, queue, rememberIds } = this.#options;
    if (this.#ids.has(id)) return true;
    return rememberIds ? journal.remembers(queue, id) : this.#settledIds.has(id);
  }

  #hasRoom(): boolean {
    if (!this.#isFull()) return true;
    this.#expireAfter(0);
    return !this.#isFull();
  }

  #isFull(): boolean {
    const { maxEntries, maxBytes } = this.#options;
    const part = this.#leftOut.has("too many") ? REOPEN_AT : 1;
    return this.#kept.size >= maxEntries * part || this.#bytes >= maxBytes * part;
  }

  #leaveOut(entry: Entry<T>): void {
    const { log, queue } = this.#options;
    if (!this.#leftOut.has("too many")) log.warn("outbox full", { queue, entries: this.pending });
    this.#leftOut.add({ why: "too many", count: 1, since: entry.at });
    this.#record(entry, "left out");
  }

  /**
   * Lets go of what is too old, from the first one after this seq on to one that is not. False when that
   * was too much for one turn of the event loop: the rest follows.
   */
  #expireAfter(seq: number): boolean {
    const { clock, maxAgeMs } = this.#options;
    const limit = clock.now() - maxAgeMs;
    let expired = 0;
    let kept = this.#kept.after(seq);
    while (kept !== undefined && kept.born < limit) {
      if (canExpire(kept)) {
        if (this.#restsFromExpiring) return false;
        this.#expire(kept);
        expired += 1;
        if (expired === MOST_EXPIRED_AT_ONCE) void this.#restFromExpiring();
      }
      kept = this.#kept.after(kept.entry.seq);
    }
    return true;
  }

  async #restFromExpiring(): Promise<void> {
    this.#restsFromExpiring = true;
    await this.#options.clock.sleep(0);
    this.#restsFromExpiring = false;
    this.#expireAfter(0);
    this.#sayMore?.();
  }

  #expire({ entry }: Kept<T>): void {
    this.#leftOut.add({ why: "too old", count: 1, since: entry.at });
    this.settle(entry, "expired");
    this.#tellExpired(entry);
  }

  #summariseWhatIsDue(): void {
    const isEmpty = this.#kept.size === 0;
    if (isEmpty) this.#summarise("too many");
    if (!this.#leftOut.has("too old")) return;
    const now = this.#options.clock.now();
    if (!isEmpty && now < this.#nextSummaryAt) return;
    this.#nextSummaryAt = now + SUMMARY_INTERVAL;
    this.#summarise("too old");
  }

  /** Takes the summary of what was left out for this reason, if anything was. */
  #summarise(why: WhyLeftOut): void {
    const { summarise, clock, log, queue } = this.#options;
    if (this.#summaryRest.isSet) return;
    const standsFor = this.#leftOut.take(why);
    if (standsFor === undefined) return;
    const since = new Date(standsFor.since).toISOString();
    log.warn("left out", { queue, why, count: standsFor.count, since });
    const entry = this.#entryOf(undefined, summarise(standsFor), clock.wallNow());
    this.#take({ ...entry, standsFor });
  }

  /** Nobody knows that the summary of these was heard: there will be another one. */
  #giveBack(leftOut: LeftOut): void {
    this.#leftOut.add(leftOut);
    this.#summaryRest.set(SUMMARY_INTERVAL);
  }

  #record({ id, at, value }: Entry<T>, code: string): void {
    const { queue, journal, clock, describe } = this.#options;
    const kind = code.startsWith("refused") ? "refused" : code;
    this.fates[kind] = (this.fates[kind] ?? 0) + 1;
    journal.record({ queue, id, takenAt: at, at: clock.wallNow(), code, ...describe(value) });
  }

  #rememberSettled(id: string): void {
    this.#settledIds.add(id);
    if (this.#settledIds.size <= MOST_SETTLED_IDS) return;
    const [oldest = ""] = this.#settledIds;
    this.#settledIds.delete(oldest);
  }
}

/** A summary would take the number that it tells with it. */
function canExpire({ entry, isOut }: Kept<unknown>): boolean {
  return !isOut && entry.standsFor === undefined;
}

/** What ids of this run begin with: time and chance tell them from those of a journal that was deleted. */
function runPrefix(clock: Clock): string {
  const parts = [clock.wallNow(), clock.random() * 2 ** 52];
  return parts.map((part) => `${Math.floor(part).toString(36)}-`).join("");
}

import { z } from "zod";
import type { Notes } from "./journal.ts";
import { readNote } from "./read-note.ts";

/** Why an entry is not said: the outbox had no room for it, or it waited for too long. */
export type WhyLeftOut = "too many" | "too old";

/** Entries in whose place one summary is said. */
export interface LeftOut {
  readonly why: WhyLeftOut;
  readonly count: number;
  /** When the first of them was said, where they come from, in milliseconds since 1970. */
  readonly since: number;
}

/**
 * What one queue has left out and not summarised yet. It stands in a note, so that a crash makes no
 * silent loss of it.
 */
export class LeftOuts {
  readonly #notes: Notes;
  readonly #name: string;
  readonly #byWhy: Map<WhyLeftOut, LeftOut>;

  constructor(notes: Notes, queue: string) {
    this.#notes = notes;
    this.#name = `left out ${queue}`;
    const kept = readNote(notes, this.#name, LeftOutNote) ?? [];
    this.#byWhy = new Map(kept.map((leftOut) => [leftOut.why, leftOut]));
  }

  has(why: WhyLeftOut): boolean {
    return this.#byWhy.has(why);
  }

  add({ why, count, since }: LeftOut): void {
    const before = this.#byWhy.get(why) ?? { count: 0, since };
    this.#byWhy.set(why, {
      why,
      count: before.count + count,
      since: Math.min(before.since, since),
    });
    this.#write();
  }

  /** Gives what was left out for this reason, if anything was, and counts anew. */
  take(why: WhyLeftOut): LeftOut | undefined {
    const leftOut = this.#byWhy.get(why);
    if (this.#byWhy.delete(why)) this.#write();
    return leftOut;
  }

  #write(): void {
    const kept = [...this.#byWhy.values()];
    this.#notes.setNote(this.#name, kept.length === 0 ? undefined : JSON.stringify(kept));
  }
}

const LeftOutNote = z.array(
  z.object({ why: z.enum(["too many", "too old"]), count: z.number(), since: z.number() }),
);

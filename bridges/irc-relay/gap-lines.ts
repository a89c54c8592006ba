import { z } from "zod";
import { Alarm } from "../../shared/alarm.ts";
import type { Clock } from "../../shared/clock.ts";
import type { Notes } from "../../shared/outbox/journal.ts";
import { readNote } from "../../shared/outbox/read-note.ts";
import {
  type Ledger,
  type LedgerChange,
  linesOf,
  partsOf,
  reachesTo,
  wasNotTold,
} from "./ledger.ts";

/** What comes in quick succession is told in one line, in milliseconds. */
const GATHER = 1_000;

/** No place is told of gaps more often than this, in milliseconds. */
const REST = 60_000;

export interface GapLinesOptions {
  /** The other side, as the people here call it. */
  readonly there: string;
  /** Says one line here, of this part of the ledger; returns whether it was taken. */
  readonly tell: (line: string, part: Ledger) => boolean;
  /** When the oldest message that still waits to be said here was taken; undefined when none waits. */
  readonly oldestWaiting: () => number | undefined;
  readonly notes: Notes;
  /** The note that keeps what has still to be told, through a restart as well. */
  readonly note: string;
  readonly clock: Clock;
}

/**
 * Tells the people of one place what they may have missed: since when and until when, how much came
 * late and how much not at all. After a backlog, so that it can be counted; at most once a minute;
 * and whatever becomes of this process, for what is to be told is kept until it is in a line. Whoever
 * says the lines adds `wasNotTold()` for each that is lost.
 */
export class GapLines {
  readonly #options: GapLinesOptions;
  readonly #alarm: Alarm;
  #ledger: Ledger;
  /** When the next line may be told, in monotonic milliseconds. */
  #notBefore = 0;

  constructor(options: GapLinesOptions) {
    this.#options = options;
    this.#alarm = new Alarm(options.clock, () => this.#tell());
    this.#ledger = readNote(options.notes, options.note, LedgerNote) ?? NOTHING;
    this.#plan();
  }

  /** Something more to tell. */
  add(change: LedgerChange): void {
    const next = change(this.#ledger);
    if (next === this.#ledger) return;
    this.#keep(next);
    this.#plan();
  }

  /** One message less waits here: the backlog may be through. */
  settled(): void {
    if (this.#ledger !== NOTHING) this.#plan();
  }

  #plan(): void {
    if (this.#alarm.isSet || this.#ledger === NOTHING || this.#isBehind()) return;
    this.#alarm.set(Math.max(GATHER, this.#notBefore - this.#options.clock.now()));
  }

  #tell(): void {
    if (this.#isBehind()) return;
    const { there, tell, clock } = this.#options;
    const parts = partsOf(this.#ledger);
    this.#keep(NOTHING);
    for (const part of parts) {
      for (const line of linesOf(part, there)) {
        this.#notBefore = clock.now() + REST;
        if (!tell(line, part)) this.add(wasNotTold(part));
      }
    }
  }

  #isBehind(): boolean {
    const oldest = this.#options.oldestWaiting();
    return oldest !== undefined && oldest <= reachesTo(this.#ledger);
  }

  #keep(ledger: Ledger): void {
    this.#ledger = ledger;
    const { notes, note } = this.#options;
    notes.setNote(note, ledger === NOTHING ? undefined : JSON.stringify(ledger));
  }
}

const NOTHING: Ledger = {};

const span = { since: z.number(), until: z.number() };
const LedgerNote = z.object({
  mute: z.object({ ...span, late: z.number(), uncertain: z.number() }).exactOptional(),
  deaf: z
    .object({ ...span, missed: z.number(), leftOut: z.number(), isComplete: z.boolean() })
    .exactOptional(),
  outOfReach: z.object({ since: z.number() }).exactOptional(),
  refused: z.object({ ...span, count: z.number(), codes: z.array(z.string()) }).exactOptional(),
});

import type { Clock } from "../clock.ts";
import type { Notes } from "../outbox/journal.ts";

/** The note may be so much older than what was heard, in milliseconds: a note for each line would be many. */
const NOTE_SPACING = 1_000;

export interface LastHeardOptions {
  readonly notes: Notes;
  /** The name of the note. */
  readonly note: string;
  readonly clock: Clock;
}

/** When something was last heard from somewhere, by this run or an earlier one. */
export class LastHeard {
  readonly #options: LastHeardOptions;
  /** The same moment by both clocks; undefined until something is heard in this run. */
  #heard: { readonly now: number; readonly wall: number } | undefined;
  #noted = Number.NEGATIVE_INFINITY;

  constructor(options: LastHeardOptions) {
    this.#options = options;
  }

  /** In monotonic milliseconds; undefined when nothing was heard in this run. */
  get at(): number | undefined {
    return this.#heard?.now;
  }

  /**
   * In milliseconds since 1970; undefined when nothing was ever heard. The wall clock may have been set
   * meanwhile, or may be the only one that went on while the machine slept: the earlier moment counts. What
   * an earlier run noted is given as it is: later than now, when the clock was set back since then.
   */
  get since(): number | undefined {
    const { clock, notes, note } = this.#options;
    const wall = clock.wallNow();
    if (this.#heard !== undefined) {
      return Math.min(this.#heard.wall, wall - (clock.now() - this.#heard.now));
    }
    const noted = notes.note(note);
    return noted === undefined ? undefined : Number(noted);
  }

  /** Something was heard that is no older than `at`, in monotonic milliseconds. */
  hear(at: number): void {
    const { clock, notes, note } = this.#options;
    const wall = clock.wallNow() - (clock.now() - at);
    this.#heard = { now: at, wall };
    if (Math.abs(wall - this.#noted) < NOTE_SPACING) return;
    this.#noted = wall;
    notes.setNote(note, String(Math.round(wall)));
  }
}

import type { Clock } from "../clock.ts";
import type { Gap } from "../gap.ts";
import type { Notes } from "../outbox/journal.ts";
import { readNote } from "../outbox/read-note.ts";
import type { Extent } from "./wire/arrival.ts";
import { type Cursor, cursor, fingerprint, type Told, toldOf } from "./wire/cursor.ts";
import type { Speech } from "./wire/message.ts";
import { type Retold, readMissed } from "./wire/missed.ts";

/** How much of what we missed is told. */
export interface CatchUpBounds {
  /** What is older is left out, in milliseconds. */
  readonly maxAgeMs: number;
  /** Of more than that, the newest are told. */
  readonly most: number;
}

export interface CatchUpOptions {
  readonly notes: Notes;
  /** The note that keeps the cursor. */
  readonly name: string;
  readonly bounds: CatchUpBounds;
  /**
   * Since when who was never in the room wants to have missed something, in milliseconds since 1970; when
   * absent, not before they came in.
   */
  readonly since: number | undefined;
  /** Until when all that was said has come in by now, in monotonic milliseconds. */
  readonly heardUpTo: () => number;
  readonly clock: Clock;
}

/** What a return brings. */
export interface Return {
  /** Undefined when we have never been in the room before. */
  readonly gap: Gap | undefined;
  /** What whoever listens is to hear, in order. */
  readonly retold: readonly Retold[];
}

/**
 * Knows how far we have heard a room, through restarts, and so what was said while we were away. Who was
 * never in the room has missed nothing.
 */
export class CatchUp {
  readonly #options: CatchUpOptions;
  #cursor: Cursor | undefined;
  /** When this run last left the room, in monotonic milliseconds. */
  #leftAt: number | undefined;
  /** What the room shows again, and what is said while we come in. */
  #shown: Newest;
  #held: Newest;
  /** How far the archive has told. */
  #archived: string | undefined;

  constructor(options: CatchUpOptions) {
    const { notes, name, bounds, since } = options;
    this.#options = options;
    this.#cursor = readNote(notes, name, cursor) ?? (since === undefined ? since : { at: since });
    this.#shown = new Newest(bounds.most);
    this.#held = new Newest(bounds.most);
  }

  /** How far we have heard the room; undefined when nothing can have been missed yet. */
  get cursor(): Cursor | undefined {
    return this.#cursor;
  }

  /** Somebody says this now, and whoever listens has it. */
  hear(told: Told): void {
    const { stanzaId: archived = this.#cursor?.archived } = told;
    this.#cursor = { at: this.#heardAt(), archived, last: fingerprint(told) };
    this.keep();
  }

  /** All that was said until this time we have heard; in monotonic milliseconds. */
  prove(at: number): void {
    if (this.#cursor === undefined) return;
    this.#cursor = { ...this.#cursor, at: this.#wallTimeOf(at) };
    this.keep();
  }

  /** We have left the room, which gave its last sign at this time, in monotonic milliseconds. */
  leave(lastSign: number): void {
    this.#leftAt = lastSign;
    this.prove(lastSign);
  }

  /** We were put out on purpose: what is said until we are back is not for us. */
  close(): void {
    if (this.#cursor === undefined) return;
    this.#cursor = { ...this.#cursor, isClosed: true };
    this.keep();
  }

  /** We ask to come in: the room will show everything from the beginning. */
  startOver(): void {
    const { most } = this.#options.bounds;
    this.#shown = new Newest(most);
    this.#held = new Newest(most);
    this.#archived = undefined;
  }

  /** The room shows this again. */
  show(speech: Speech): void {
    this.#shown.add(speech);
  }

  /** The archive has told up to this id. */
  reach(archived: string): void {
    this.#archived = archived;
  }

  /** Somebody says this now, but what we missed has to be heard before it. */
  hold(speech: Speech): void {
    this.#held.add(speech);
  }

  /**
   * We are back, and the room has shown what we missed. Once whoever listens has what this returns,
   * `keep()` has to follow in the same turn.
   */
  comeBack(extent: Extent, isOwn: (speech: Speech) => boolean): Return {
    const before = this.#cursor;
    const { clock, bounds } = this.#options;
    const { items: speeches, dropped } = this.#shown;
    const oldest = clock.wallNow() - bounds.maxAgeMs;
    const { retold, ...missed } = readMissed(
      { ...extent, speeches, dropped },
      { cursor: before, oldest, isOwn },
    );
    const told = retold.filter(({ isOld }) => !isOld).map(({ speech }) => speech);
    // What was said while we came in, the room may have shown as well.
    const held = without(this.#held.items, told);
    const span = this.#span();
    this.#cursor = this.#cursorNow(extent, held);
    return {
      gap: span && { ...span, ...missed, leftOut: missed.leftOut + this.#held.dropped },
      retold: [...retold, ...held.map((speech) => ({ speech, isOld: false }))],
    };
  }

  /** Keeps how far we have heard the room. */
  keep(): void {
    const { notes, name } = this.#options;
    if (this.#cursor !== undefined) notes.setNote(name, JSON.stringify(this.#cursor));
  }

  /** From when to when we were away; undefined when we have never been in the room. */
  #span(): Pick<Gap, "since" | "until"> | undefined {
    const { notes, name, clock } = this.#options;
    if (this.#cursor === undefined || notes.note(name) === undefined) return undefined;
    const until = clock.wallNow();
    const left = this.#leftAt === undefined ? this.#cursor.at : this.#wallTimeOf(this.#leftAt);
    return { since: left, until };
  }

  /** Behind all that was shown and said until now. */
  #cursorNow({ isAfterCursor }: Extent, held: readonly Speech[]): Cursor {
    const shown = this.#shown.items;
    const last = held.at(-1) ?? shown.at(-1);
    // What was not for us must not be found behind an old cursor the next time.
    const before = this.#cursor?.isClosed === true && !isAfterCursor ? undefined : this.#cursor;
    return {
      at: this.#heardAt(),
      archived: newestId(held) ?? this.#archived ?? newestId(shown) ?? before?.archived,
      last: last === undefined ? before?.last : fingerprint(toldOf(last)),
    };
  }

  /** Until when we have heard all, in milliseconds since 1970. */
  #heardAt(): number {
    return this.#wallTimeOf(this.#options.heardUpTo());
  }

  #wallTimeOf(monotonic: number): number {
    const { clock } = this.#options;
    return clock.wallNow() - (clock.now() - monotonic);
  }
}

/** The newest of what it is given. */
class Newest {
  readonly items: Speech[] = [];
  readonly #most: number;
  /** How many older ones it has let go. */
  dropped = 0;

  constructor(most: number) {
    this.#most = most;
  }

  add(speech: Speech): void {
    this.items.push(speech);
    if (this.items.length <= this.#most) return;
    this.items.shift();
    this.dropped += 1;
  }
}

function newestId(speeches: readonly Speech[]): string | undefined {
  return speeches.findLast(({ stanzaId }) => stanzaId !== undefined)?.stanzaId;
}

/** Those that are not among these others. */
function without(speeches: readonly Speech[], others: readonly Speech[]): readonly Speech[] {
  const keys = new Set(others.map(keyOf));
  return speeches.filter((speech) => !keys.has(keyOf(speech)));
}

/** What the room calls a message; where it calls it nothing, all that tells it from others. */
function keyOf(speech: Speech): string {
  const { stanzaId, nick, id, body } = toldOf(speech);
  return JSON.stringify(stanzaId === undefined ? [nick, id, body] : [stanzaId]);
}

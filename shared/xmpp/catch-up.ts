import type { Speech } from "./wire/message.ts";

/** Stamps of a room's history have no fractions of a second (XEP-0082 leaves them to the server). */
const SECOND = 1_000;

/** More than servers keep of a room's history by default; nothing may make us remember without end. */
const MOST_SHOWN = 1_000;

/** What tells one message from another. */
type Told = Pick<Speech, "nick" | "id" | "body"> & Partial<Pick<Speech, "stanzaId">>;

interface Shown {
  readonly speech: Speech;
  readonly missed: boolean;
}

/** One list for all: there is nothing to take before every message that is said. */
const NOTHING: readonly Shown[] = [];

interface Cursor {
  /** The last message that we heard or were shown; undefined when there was none since we came in. */
  readonly last: Told | undefined;
  /** When that was, in milliseconds since 1970. */
  readonly at: number;
}

/**
 * Knows how far we have heard a room, and tells from the history of the next join what was said while
 * we were away. Before the first join that is what was said after `since`, if it is given.
 */
export class CatchUp {
  #cursor: Cursor | undefined;
  #shown: Speech[] = [];

  constructor(since?: number) {
    // An earlier run may have heard what was said in the second in which this one began.
    if (since !== undefined) this.#cursor = { last: undefined, at: since + SECOND };
  }

  /** From when on the history can hold something new, in milliseconds since 1970; undefined for never. */
  get since(): number | undefined {
    return this.#cursor?.at;
  }

  /** We are in the room from now on, and hear everything. */
  begin(now: number): void {
    this.#cursor ??= { last: undefined, at: now };
  }

  /** Somebody says this now. */
  hear(speech: Told, now: number): void {
    this.#cursor = { last: speech, at: now };
  }

  /** We ask to come in: the room will show everything from the beginning. */
  startOver(): void {
    this.#shown = [];
  }

  /**
   * The room shows this again. Returns false when too much was shown, and the oldest of it is forgotten.
   */
  show(speech: Speech): boolean {
    this.#shown.push(speech);
    if (this.#shown.length <= MOST_SHOWN) return true;
    this.#shown.shift();
    return false;
  }

  /** All that was shown since we came in, oldest first, and whether we had missed it: none of it again. */
  takeShown(now: number): readonly Shown[] {
    const shown = this.#shown;
    if (shown.length === 0) return NOTHING;
    this.#shown = [];
    const cursor = this.#cursor;
    this.#cursor = { last: shown.at(-1), at: now };
    if (cursor === undefined) return shown.map((speech) => ({ speech, missed: false }));
    const heard = shown.findLastIndex((speech) => isSame(speech, cursor.last));
    return shown.map((speech, i) => ({
      speech,
      missed: heard === -1 ? isSince(speech, cursor.at) : i > heard,
    }));
  }

  /** What will be said until we are back is not for us. */
  forget(): void {
    this.#cursor = undefined;
  }
}

/** By the room's own id where it gives one. What clients call their messages need not be unique. */
function isSame(a: Speech, b: Told | undefined): boolean {
  if (b === undefined) return false;
  if (a.stanzaId !== undefined && b.stanzaId !== undefined) return a.stanzaId === b.stanzaId;
  return a.nick === b.nick && a.id === b.id && a.body === b.body;
}

function isSince({ delay }: Speech, at: number): boolean {
  return delay?.stamp !== undefined && delay.stamp >= Math.floor(at / SECOND) * SECOND;
}

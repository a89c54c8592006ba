import { type Cursor, findCursor, isSince } from "./cursor.ts";
import type { Speech } from "./message.ts";

/** What a room has shown us again, oldest first. */
export interface Shown {
  readonly speeches: readonly Speech[];
  /** How many older ones there was no room for. */
  readonly dropped: number;
  /** It begins right after the cursor: so does an archive that knows it. */
  readonly isAfterCursor: boolean;
  /** It goes on until now. */
  readonly isWhole: boolean;
}

/** Something that we are told again. */
export interface Retold {
  readonly speech: Speech;
  /** Not for us: heard before, said before our time or while we were put out, or too old by now. */
  readonly isOld: boolean;
  /** When it was said, in milliseconds since 1970; undefined for just now. */
  readonly at?: number | undefined;
}

/** What was new to us in that. */
export interface Missed {
  readonly retold: readonly Retold[];
  /** How many new messages of others are told, and how many are too old or too many for it. */
  readonly missed: number;
  readonly leftOut: number;
  /** It is certain that there was nothing else. */
  readonly isComplete: boolean;
}

export interface MissedContext {
  /** How far we have heard the room; undefined when we have never been there, and so missed nothing. */
  readonly cursor: Cursor | undefined;
  /** What was said before is too old, in milliseconds since 1970. */
  readonly oldest: number;
  readonly isOwn: (speech: Speech) => boolean;
}

/**
 * Tells what was said since the cursor from what we have heard. Where the cursor is not to be found, the
 * stamps decide, as far as the room's clock agrees with ours.
 */
export function readMissed(shown: Shown, { cursor, oldest, isOwn }: MissedContext): Missed {
  const { speeches, dropped, isAfterCursor, isWhole } = shown;
  if (cursor === undefined || cursor.isClosed === true) {
    const retold = speeches.map((speech) => ({ speech, isOld: true }));
    return { retold, missed: 0, leftOut: 0, isComplete: false };
  }
  const place = isAfterCursor ? undefined : findCursor(speeches, cursor);
  const heard = place?.index ?? -1;
  const isFound = isAfterCursor || heard !== -1;
  const isNew = (speech: Speech, i: number) => (isFound ? i > heard : isSince(speech, cursor));
  const isTooOld = ({ delay }: Speech) => (delay?.stamp ?? Infinity) < oldest;
  const fresh = speeches.filter((speech, i) => isNew(speech, i) && !isOwn(speech));
  const tooOld = fresh.filter(isTooOld).length;
  return {
    retold: speeches.map((speech, i) => ({
      speech,
      isOld: !isNew(speech, i) || isTooOld(speech),
      at: speech.delay?.stamp,
    })),
    missed: fresh.length - tooOld,
    leftOut: tooOld + (heard === -1 ? dropped : 0),
    isComplete: isWhole && (isAfterCursor || place?.isSure === true),
  };
}

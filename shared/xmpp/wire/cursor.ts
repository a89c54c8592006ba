import { z } from "zod";
import { hash } from "../../text/hash.ts";
import { type Speech, sentBody } from "./message.ts";

/** How far a room was heard. */
export const cursor = z.object({
  /** All that was said until then was heard, in milliseconds since 1970. */
  at: z.number(),
  /** What the room's archive calls the last message of its that was heard. */
  archived: z.string().optional(),
  /** The fingerprint of the last message that was heard. */
  last: z.string().optional(),
  /** We were put out on purpose: what comes next is not for us. */
  isClosed: z.boolean().optional(),
});

export type Cursor = Readonly<z.infer<typeof cursor>>;

/** What tells one message from another; the body as it was sent. */
export interface Told {
  readonly nick: string;
  readonly id: string | undefined;
  readonly body: string;
  readonly stanzaId: string | undefined;
}

/** How far a room's clock may be from ours, in milliseconds. */
export const CLOCK_SKEW = 60_000;

/** Stamps of a room's history have no fractions of a second (XEP-0082 leaves them to the server). */
const SECOND = 1_000;

/** For where a room gives messages no ids; what clients call their messages need not be unique. */
export function fingerprint({ nick, id = "", body }: Told): string {
  return hash(`${nick}\n${id}\n${body}`);
}

/** What tells this message from others. */
export function toldOf(speech: Speech): Told {
  const { nick, id, stanzaId } = speech;
  return { nick, id, stanzaId, body: sentBody(speech) };
}

/** Where a cursor stands. */
export interface Place {
  readonly index: number;
  /** No other message can be the last one that was heard. */
  readonly isSure: boolean;
  /** By the room's clock it was said after all that was heard. */
  readonly isLate: boolean;
}

/** Where in these messages, oldest first, the cursor stands; undefined where it is not among them. */
export function findCursor(
  shown: readonly Speech[],
  { at, archived, last }: Cursor,
): Place | undefined {
  const places = [
    placeOf(shown, at, ({ stanzaId }) => stanzaId !== undefined && stanzaId === archived),
    placeOf(shown, at, (speech) => fingerprint(toldOf(speech)) === last),
  ].filter((place) => place !== undefined);
  // Not all that was heard has an id of the room's, or is shown again: the later one is nearer to the truth.
  const [best] = places.toSorted(
    (a, b) => Number(a.isLate) - Number(b.isLate) || b.index - a.index,
  );
  return best;
}

/**
 * Where the one message stands that fits. Anybody may say again, later, what he said: of several it is the last
 * one that was said while we heard the room.
 */
function placeOf(
  shown: readonly Speech[],
  at: number,
  fits: (speech: Speech) => boolean,
): Place | undefined {
  const fitting = shown.flatMap((speech, index) => (fits(speech) ? [{ speech, index }] : []));
  const place = fitting.findLast(({ speech }) => isSaidBy(speech, at)) ?? fitting[0];
  if (place === undefined) return undefined;
  const { speech, index } = place;
  const isLate = !isSaidBy(speech, at + CLOCK_SKEW);
  return { index, isLate, isSure: !isLate && fitting.length === 1 && hasId(speech) };
}

/** Whether a message was said by this time, by the room's clock. */
function isSaidBy({ delay }: Speech, at: number): boolean {
  return (delay?.stamp ?? at) <= at;
}

/** What has no id may be said again in the same words. */
function hasId({ id, stanzaId }: Speech): boolean {
  return id !== undefined || stanzaId !== undefined;
}

/** Whether a message was said after the cursor, by the room's clock. */
export function isSince({ delay }: Speech, { at }: Cursor): boolean {
  return delay?.stamp !== undefined && delay.stamp >= Math.floor(at / SECOND) * SECOND;
}

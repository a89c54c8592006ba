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

/** Where in these messages, oldest first, the cursor stands; -1 where it is not among them. */
export function findCursor(shown: readonly Speech[], { archived, last }: Cursor): number {
  const byArchive = shown.findLastIndex(({ stanzaId }) => stanzaId === archived);
  if (archived !== undefined && byArchive !== -1) return byArchive;
  return shown.findLastIndex((speech) => fingerprint(toldOf(speech)) === last);
}

/** Whether no other message can be taken for this one: what has no id may be said again in the same words. */
export function isUnique({ id, stanzaId }: Speech): boolean {
  return id !== undefined || stanzaId !== undefined;
}

/** Whether a message was said after the cursor, by the room's clock. */
export function isSince({ delay }: Speech, { at }: Cursor): boolean {
  return delay?.stamp !== undefined && delay.stamp >= Math.floor(at / SECOND) * SECOND;
}

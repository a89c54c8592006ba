import { z } from "zod";
import type { Notes } from "../outbox/journal.ts";
import { readNote } from "../outbox/read-note.ts";

/** A server that decided to do without us for a while, as it is kept through a restart. */
export interface Quarantine {
  readonly host: string;
  readonly port: number;
  readonly cause: KeptCause;
  /** How often in a row it has failed us for this cause. */
  readonly strikes: number;
  /** In milliseconds since 1970. */
  readonly until: number;
}

/**
 * What a server decided about us, and a restart of ours does not change. Not `credentials`: whoever has
 * corrected a password restarts us. Not trouble on the way: it is cheap to look again.
 */
const KEPT_CAUSES = ["banned", "throttled", "full", "login"] as const;

export type KeptCause = (typeof KEPT_CAUSES)[number];

export function isKept(cause: string): cause is KeptCause {
  return KEPT_CAUSES.some((kept) => kept === cause);
}

const NOTE = "irc servers";

const QuarantinesNote = z.array(
  z.object({
    host: z.string(),
    port: z.number(),
    cause: z.enum(KEPT_CAUSES),
    strikes: z.number().int().positive(),
    until: z.number(),
  }),
);

/** The quarantines that an earlier run left; none when they are not what they should be. */
export function readQuarantines(notes: Notes): readonly Quarantine[] {
  return readNote(notes, NOTE, QuarantinesNote) ?? [];
}

export function keepQuarantines(notes: Notes, quarantines: readonly Quarantine[]): void {
  notes.setNote(NOTE, quarantines.length === 0 ? undefined : JSON.stringify(quarantines));
}

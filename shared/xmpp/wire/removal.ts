import type { Retry } from "./membership-retry.ts";
import type { Departure } from "./presence.ts";

/** What it means that we are no longer in the room (XEP-0045 section 15.6.2). */
export interface Removal {
  readonly retry: Retry;
  /** `error` when somebody has to act. */
  readonly level: "warn" | "error";
  /** For a log, to be read after "Out of the room: ". */
  readonly meaning: string;
}

/** How we can be put out of a room: every departure but a change of nick, which is none. */
export type RemovalReason = Exclude<Departure, "nick-changed">;

/** What our own departure means. */
export function removal(why: RemovalReason): Removal {
  return REMOVALS[why];
}

const REMOVALS: Readonly<Record<RemovalReason, Removal>> = {
  left: { retry: "soon", level: "warn", meaning: "the room says that we left" },
  banned: { retry: "long", level: "error", meaning: "we are banned from the room" },
  kicked: { retry: "kicked", level: "warn", meaning: "we were kicked" },
  "not-a-member": { retry: "long", level: "error", meaning: "we are no longer a member" },
  "members-only": { retry: "long", level: "error", meaning: "the room now takes only members" },
  shutdown: { retry: "soon", level: "warn", meaning: "the room's service shuts down" },
  error: { retry: "soon", level: "warn", meaning: "the room's server lost touch with us" },
  destroyed: { retry: "long", level: "error", meaning: "the room was destroyed" },
};

import type { Retry } from "./membership-retry.ts";

/** Why a room did not let us in. */
export interface JoinRefusal {
  readonly retry: Retry;
  /** For a log, to be read after "Cannot join the room: ". */
  readonly meaning: string;
}

/** What a stanza error says that came for our join (XEP-0045 section 7.2, RFC 6120 section 8.3.3). */
export function joinRefusal(condition: string): JoinRefusal {
  return REFUSALS.get(condition) ?? UNKNOWN;
}

const UNKNOWN: JoinRefusal = { retry: "later", meaning: "the server gives no reason we know" };

const REFUSALS: ReadonlyMap<string, JoinRefusal> = new Map(
  Object.entries({
    // XEP-0045 section 7.2.8.
    conflict: { retry: "later", meaning: "the nick is taken, and so are those we tried instead" },
    // Section 7.2.5.
    "not-authorized": { retry: "long", meaning: "the room wants a password" },
    // Section 7.2.7.
    forbidden: { retry: "long", meaning: "we are banned from the room" },
    // Section 7.2.6.
    "registration-required": { retry: "long", meaning: "the room takes only its members" },
    // Section 7.2.10: its owner has not configured it yet, or nobody has made it.
    "item-not-found": { retry: "later", meaning: "the room is locked or does not exist" },
    // Section 10.1.1. Prosody says so too when it talks to no other server.
    "not-allowed": { retry: "long", meaning: "the room does not exist and we may not create it" },
    // Section 7.2.1.
    "jid-malformed": { retry: "long", meaning: "the nick is not valid" },
    // Section 7.6: nicks are locked down.
    "not-acceptable": { retry: "long", meaning: "the room takes only the nick registered for us" },
    // Section 7.2.9.
    "service-unavailable": { retry: "later", meaning: "the room is full or its service is down" },
    "resource-constraint": { retry: "later", meaning: "the room or its server is full" },
    // RFC 6120 section 8.3.3.5; Prosody answers so for a while after a room was destroyed.
    gone: { retry: "long", meaning: "the room was destroyed" },
    "policy-violation": { retry: "later", meaning: "we send more than the server allows" },
    "internal-server-error": { retry: "later", meaning: "the room's server failed" },
    "remote-server-not-found": { retry: "later", meaning: "the room's server cannot be found" },
    "remote-server-timeout": { retry: "later", meaning: "the room's server does not answer" },
  } satisfies Record<string, JoinRefusal>),
);

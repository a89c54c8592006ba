/** How one link stands: a stream, a room, a server, a channel, a socket. */
export type LinkState =
  | { readonly at: "up"; readonly detail: string }
  /** Our own side is not there yet: until then nobody can reach us. */
  | { readonly at: "opening"; readonly detail: string }
  | { readonly at: "down"; readonly detail: string }
  /** Waiting will not heal it. */
  | { readonly at: "failed"; readonly detail: string };

/** One link. Times are monotonic milliseconds. */
export interface LinkReport {
  readonly name: string;
  readonly state: LinkState;
  /** Since when it is up, down, ... */
  readonly since: number;
  /** The last sign of life from the far side, and how long it may take to the next one; while it is up. */
  readonly proof: { readonly at: number; readonly everyMs: number } | undefined;
  /** How often it was tried since it was up. */
  readonly attempts: number;
  /** When the present attempt began, or when the next one is due; where somebody tries. */
  readonly attemptAt: number | undefined;
}

/** How one direction gets on. */
export interface OutboxProgress {
  /** Messages that are not settled. */
  readonly pending: number;
  /** When the oldest of them was taken, in milliseconds since 1970. */
  readonly oldestAt: number | undefined;
  /** When the far side confirmed one last, in milliseconds since 1970. */
  readonly lastDeliveredAt: number | undefined;
  /** Since when something could have been said and nothing moved, in monotonic milliseconds. */
  readonly stuckSince: number | undefined;
  /** How many were settled as what, since the program was started. */
  readonly fates: Readonly<Record<string, number>>;
}

/** One direction, such as `irc-to-room #channel room@conference.example.org`. */
export interface DirectionReport extends OutboxProgress {
  readonly name: string;
  /** What keeps it from being used: a link that it needs, and how that stands. */
  readonly heldUpBy: string | undefined;
}

/** One IRC server. */
export interface ServerReport {
  readonly name: string;
  /** For how many milliseconds it is still left alone; 0 when it may be tried. */
  readonly freeInMs: number;
  /** Failures since the last session that stayed up. */
  readonly failures: number;
  readonly cause: string | undefined;
}

/** How the outbox gets on with its disk. */
export interface OutboxReport {
  /** Why it cannot be written. */
  readonly trouble: string | undefined;
  /** How many messages nothing but this process knows of. */
  readonly inMemoryOnly: number;
}

/** How everything stands at one moment. */
export interface Snapshot {
  readonly links: readonly LinkReport[];
  readonly directions: readonly DirectionReport[];
  readonly servers: readonly ServerReport[];
  readonly outbox: OutboxReport;
}

/** What a fault takes hold of: two faults never have the same in hand. */
export type Subject =
  | "daemon"
  | "xmpp-server"
  | "irc-server"
  | "xmpp-network"
  | "irc-network"
  | "irc-quarantine"
  | "room"
  | "channel"
  | "disk"
  | "clock";

/** One kind of fault, as far as it decides when there can be one. */
export interface Kind {
  /** Shortest and longest time between the fault and its repair, in milliseconds. */
  readonly lasts: readonly [number, number];
  /** What it has in hand, and for how long after its repair, in milliseconds. */
  readonly holds: Readonly<Partial<Record<Subject, number>>>;
  /** How long after the repair the program may stay away by its own rules, in milliseconds. Default: none to speak of. */
  readonly recovery?: number;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

const DOWN = [0, 20 * SECOND] as const;
const FROZEN = [5 * SECOND, 90 * SECOND] as const;
const AWHILE = [5 * SECOND, 60 * SECOND] as const;
const MOMENT = [0, 0] as const;

/** Whoever is banned from a room, or finds it destroyed, asks again after 5 to 10 minutes. */
const LONG_WAY_BACK = 11 * MINUTE;
/** Who throttles is left alone for minutes, and who bans for half an hour: then the other server is needed. */
const THROTTLED = 5 * MINUTE;
const BANNED = 31 * MINUTE;
/** A disk that was full is tried again every five seconds; what lives in memory only dies with the process. */
const BACK_ON_DISK = 8 * SECOND;

/** Every kind of fault that the suite knows. */
const kinds = {
  "kill-daemon": { lasts: DOWN, holds: { daemon: 0 } },
  "terminate-daemon": { lasts: DOWN, holds: { daemon: 0 } },
  "freeze-daemon": { lasts: FROZEN, holds: { daemon: 0 } },
  "kill-xmpp": { lasts: DOWN, holds: { "xmpp-server": 0 } },
  "freeze-xmpp": { lasts: FROZEN, holds: { "xmpp-server": 0 } },
  "kill-irc": { lasts: DOWN, holds: { "irc-server": 0 } },
  "freeze-irc": { lasts: FROZEN, holds: { "irc-server": 0 } },
  "reset-xmpp": { lasts: DOWN, holds: { "xmpp-network": 0 } },
  "close-xmpp": { lasts: DOWN, holds: { "xmpp-network": 0 } },
  "hole-xmpp": { lasts: FROZEN, holds: { "xmpp-network": 0 } },
  "half-hole-xmpp": { lasts: FROZEN, holds: { "xmpp-network": 0 } },
  "mute-xmpp": { lasts: AWHILE, holds: { "xmpp-network": 0 } },
  "reset-irc": { lasts: DOWN, holds: { "irc-network": 0 } },
  "close-irc": { lasts: DOWN, holds: { "irc-network": 0 } },
  "hole-irc": { lasts: FROZEN, holds: { "irc-network": 0 } },
  "half-hole-irc": { lasts: FROZEN, holds: { "irc-network": 0 } },
  "mute-irc": { lasts: AWHILE, holds: { "irc-network": 0 } },
  "throttle-irc": { lasts: AWHILE, holds: { "irc-network": 0, "irc-quarantine": THROTTLED } },
  "kline-irc": { lasts: AWHILE, holds: { "irc-network": 0, "irc-quarantine": BANNED } },
  "kick-channel": { lasts: MOMENT, holds: { channel: 0, "irc-server": 0 } },
  "ban-channel": { lasts: AWHILE, holds: { channel: 0, "irc-server": 0 } },
  "take-channel-nick": { lasts: AWHILE, holds: { channel: 0, "irc-server": 0 } },
  "kick-room": { lasts: MOMENT, holds: { room: 0, "xmpp-server": 0 } },
  "take-room-nick": { lasts: AWHILE, holds: { room: 0, "xmpp-server": 0, "xmpp-network": 0 } },
  "ban-room": {
    lasts: AWHILE,
    holds: { room: LONG_WAY_BACK, "xmpp-server": 0 },
    recovery: LONG_WAY_BACK,
  },
  "destroy-room": {
    lasts: MOMENT,
    holds: { room: LONG_WAY_BACK, "xmpp-server": 0 },
    recovery: LONG_WAY_BACK,
  },
  "full-disk": { lasts: AWHILE, holds: { disk: 0, daemon: BACK_ON_DISK } },
  "clock-jump": { lasts: AWHILE, holds: { clock: 0 } },
} as const satisfies Readonly<Record<string, Kind>>;

export type KindName = keyof typeof kinds;

/** The names of all kinds, in the order of the list. */
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of the list above, and no others
export const kindNames = Object.keys(kinds) as readonly KindName[];

/** The kind of this name. */
export function kindOf(name: KindName): Kind {
  return kinds[name];
}

/**
 * What may let the next JOIN succeed:
 * - `later`: the obstacle passes by itself within minutes;
 * - `long`: somebody has to change their mind, so ask seldom;
 * - `on-invite`: an INVITE opens the channel; ask now and then without one;
 * - `after-login`: being logged in to an account opens it (900); ask now and then without that;
 * - `never`: no waiting helps, only another configuration of ours or of the channel.
 */
export type JoinRetry = "later" | "long" | "on-invite" | "after-login" | "never";

/** Why a server did not let us into a channel. */
export interface JoinRefusal {
  /** The numeric's name as in the RFCs or the server's source. */
  readonly name: string;
  /** For a log, to be read after "Cannot join #channel: ". */
  readonly meaning: string;
  readonly retry: JoinRetry;
}

/**
 * What a numeric says that came for a channel we asked to join; undefined when it refuses no JOIN.
 * Some answer other commands too (403, 437, 477, 479), so look first for the channel among its params.
 */
export function joinRefusal(command: string): JoinRefusal | undefined {
  return REFUSALS.get(command);
}

const REFUSALS: ReadonlyMap<string, JoinRefusal> = new Map(
  Object.entries({
    // RFC 1459 section 6.1.
    "403": {
      name: "ERR_NOSUCHCHANNEL",
      meaning: "the server knows no such channel",
      retry: "never",
    },
    "405": {
      name: "ERR_TOOMANYCHANNELS",
      meaning: "we are in too many channels",
      retry: "long",
    },
    "471": {
      name: "ERR_CHANNELISFULL",
      meaning: "the channel is full (+l)",
      retry: "later",
    },
    "473": {
      name: "ERR_INVITEONLYCHAN",
      meaning: "the channel takes only who is invited (+i)",
      retry: "on-invite",
    },
    "474": {
      name: "ERR_BANNEDFROMCHAN",
      meaning: "we are banned (+b)",
      retry: "long",
    },
    "475": {
      name: "ERR_BADCHANNELKEY",
      meaning: "the channel wants a key (+k)",
      retry: "never",
    },
    // RFC 2812 section 5.2.
    "437": {
      name: "ERR_UNAVAILRESOURCE",
      meaning: "the channel is locked for a while after a netsplit",
      retry: "later",
    },
    "476": {
      name: "ERR_BADCHANMASK",
      meaning: "the channel's name is not valid",
      retry: "never",
    },
    // Of one server family or another.
    "470": {
      name: "ERR_LINKCHANNEL",
      meaning: "the channel forwards us to another one (+f)",
      retry: "after-login",
    },
    "477": {
      name: "ERR_NEEDREGGEDNICK",
      meaning: "the channel takes only who is logged in (+r)",
      retry: "after-login",
    },
    "479": {
      name: "ERR_BADCHANNAME",
      meaning: "the channel's name is not allowed",
      retry: "never",
    },
    "480": {
      name: "ERR_THROTTLE",
      meaning: "too many are joining (+j)",
      retry: "later",
    },
    "489": {
      name: "ERR_SECUREONLYCHAN",
      meaning: "the channel takes only TLS connections (+S, +z)",
      retry: "never",
    },
    "520": {
      name: "ERR_OPERONLY",
      meaning: "the channel takes only IRC operators (+O)",
      retry: "long",
    },
  } satisfies Record<string, JoinRefusal>),
);

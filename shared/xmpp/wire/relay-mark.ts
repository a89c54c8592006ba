import { hash } from "../../text/hash.ts";

/** The IRC channel from which a relay brought a message into the room. */
export interface RelayOrigin {
  /** The network's name as its servers give it, or one of its servers; undefined while it is not known. */
  readonly network: string | undefined;
  readonly channel: string;
}

/**
 * What the ids of messages from this channel begin with, so that a second relay between the same room
 * and channel does not bring them back. In the id it costs the room nothing: an element of our own made
 * Prosody a fifth slower.
 */
export function relayMark({ network = "", channel }: RelayOrigin): string {
  return `${PREFIX}${hashName(channel)}-${hashName(network)}-`;
}

/**
 * Whether an id says that a relay brought its message from this channel, on this network as far as that is
 * known here and was known there. Anybody can write such an id: enough to leave a message out, never to
 * trust one.
 */
export function isRelayedFrom(id: string | undefined, { network, channel }: RelayOrigin): boolean {
  if (id === undefined || !id.startsWith(PREFIX)) return false;
  if (network === undefined) return id.startsWith(`${PREFIX}${hashName(channel)}-`);
  const marks = [relayMark({ network, channel }), relayMark({ network: undefined, channel })];
  return marks.some((mark) => id.startsWith(mark));
}

const PREFIX = "sax-";

/** The same in every relay, however the name is written. */
function hashName(name: string): string {
  return hash(name.toLowerCase());
}

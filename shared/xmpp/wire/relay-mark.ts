import { type Element, el, type Node } from "./xml.ts";

/** The IRC channel from which a relay brought a message into the room. */
export interface RelayOrigin {
  /** The network's name as its servers give it, or the host of the first one. */
  readonly network: string;
  readonly channel: string;
}

const RELAY_MARK = "urn:saxbridge:relay:0";

/**
 * The mark that saxbridge puts on what it relays into a room, so that a second relay between the same
 * room and channel does not bring it back. Clients ignore it.
 */
export function relayMark({ network, channel }: RelayOrigin): Node {
  return el("relayed", { xmlns: RELAY_MARK, network, channel });
}

/**
 * The mark on a message, which anybody can put there: enough to leave a message out, never to trust
 * one. Undefined when it is missing or incomplete.
 */
export function readRelayMark(message: Element): RelayOrigin | undefined {
  const { network, channel } = message.getChild("relayed", RELAY_MARK)?.attrs ?? {};
  return network === undefined || channel === undefined ? undefined : { network, channel };
}

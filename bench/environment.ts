/** What a bridge has to know of the stage. */
export interface Ends {
  /** Ports of 127.0.0.1. */
  readonly ports: Ports;
  readonly domain: string;
  readonly muc: string;
  readonly socketPath: string;
  readonly stateDirectory: string;
}

/** Where the two servers are reached. */
export interface Ports {
  readonly xmpp: number;
  readonly irc: number;
}

export type Environment = Readonly<Record<string, string>>;

/** What every bridge is called, in rooms and on IRC. */
export const bridgeNick = "relay";

/** Of every account. */
export const password = "throwaway";

export const channel = "#bench";

/** The local part of the room. */
const ROOM = "bench";

export function roomJid({ muc }: Pick<Ends, "muc">): string {
  return `${ROOM}@${muc}`;
}

/** The configuration of the product, which the baselines read as well; without pacing. */
export function productEnvironment(ends: Ends): Environment {
  const { ports, domain, socketPath, stateDirectory } = ends;
  const jid = `${bridgeNick}@${domain}`;
  return {
    XMPP_SERVICE: `xmpp://127.0.0.1:${ports.xmpp}`,
    XMPP_DOMAIN: domain,
    XMPP_TLS: "optional",
    IRC_XMPP_JID: jid,
    IRC_XMPP_PASSWORD: password,
    IRC_XMPP_NICK: bridgeNick,
    IRC_SERVERS: `irc://127.0.0.1:${ports.irc}`,
    IRC_NICK: bridgeNick,
    IRC_LINKS: `${channel}=${roomJid(ends)}`,
    IRC_LINE_INTERVAL: "0",
    WEBRIDGE_XMPP_JID: jid,
    WEBRIDGE_XMPP_PASSWORD: password,
    WEBRIDGE_XMPP_NICK: bridgeNick,
    WEBRIDGE_ROOM: roomJid(ends),
    WEBRIDGE_SOCKET: socketPath,
    STATE_DIRECTORY: stateDirectory,
  };
}

/** The same for any other relay, in plain words. */
export function plainEnvironment({ ports, domain, muc }: Ends): Environment {
  const irc = `127.0.0.1:${ports.irc}`;
  return {
    XMPP_HOST: "127.0.0.1",
    XMPP_PORT: String(ports.xmpp),
    XMPP_DOMAIN: domain,
    XMPP_USER: bridgeNick,
    XMPP_PASS: password,
    MUC: muc,
    ROOM,
    NICK: bridgeNick,
    IRC_HOST: "127.0.0.1",
    IRC_PORT: String(ports.irc),
    // Twice, for relays that go on to the next one when one fails.
    IRC_SERVERS: `${irc},${irc}`,
    CHANNEL: channel,
  };
}

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startInspircd } from "../cli/demo/servers/inspircd.ts";
import type { IrcServer } from "../cli/demo/servers/irc-server.ts";
import { startProsody } from "../cli/demo/servers/prosody.ts";
import type { XmppServer } from "../cli/demo/servers/xmpp-server.ts";
import type { Scope } from "../shared/lifecycle/scope.ts";
import { startEjabberd } from "../test/support/servers/ejabberd.ts";
import { startNgircd } from "../test/support/servers/ngircd.ts";
import { joinBareChannel } from "./bare/channel.ts";
import type { Place } from "./bare/place.ts";
import { joinBareRoom } from "./bare/room.ts";
import { BridgeProcess } from "./bridge-process.ts";
import type { Options } from "./options.ts";

/** What every bridge is called, in rooms and on IRC. */
export const bridgeNick = "relay";

const CHANNEL = "#bench";
const ROOM = "bench@conference.localhost";
const PASSWORD = "throwaway";

/** Servers of our own for one measurement, and how to meet on them. */
export interface Stage {
  readonly xmpp: XmppServer;
  readonly irc: IrcServer;
  /** Where the bridge keeps what it has to keep. Gone in the end. */
  readonly directory: string;
  /** Where webridge listens. */
  readonly socketPath: string;
  joinRoom(nick: "alice" | "bob"): Promise<Place>;
  joinChannel(nick: "carol" | "dave"): Promise<Place>;
  /** Starts a bridge between the room, the channel and the socket. */
  startBridge(args: readonly string[]): BridgeProcess;
}

/** Starts the servers; all that is on the stage goes when the scope closes. */
export async function openStage(options: Options, scope: Scope): Promise<Stage> {
  const directory = await mkdtemp(join(tmpdir(), "saxbridge-bench-"));
  scope.defer(() => rm(directory, { recursive: true, force: true }));
  const xmpp = await startXmpp(options);
  scope.defer(() => xmpp.stop());
  const irc = await startIrc(options);
  scope.defer(() => irc.stop());
  const socketPath = join(directory, "announce.sock");
  const env = environment({ xmpp, irc, socketPath, stateDirectory: join(directory, "state") });

  async function leavingAtTheEnd(joining: Promise<Place>): Promise<Place> {
    const place = await joining;
    scope.defer(() => place.leave());
    return place;
  }

  return {
    xmpp,
    irc,
    directory,
    socketPath,
    joinRoom(nick) {
      const { port, domain } = xmpp;
      const account = { port, domain, user: nick, password: PASSWORD };
      return leavingAtTheEnd(joinBareRoom({ ...account, room: ROOM, nick }));
    },
    joinChannel: (nick) =>
      leavingAtTheEnd(joinBareChannel({ port: irc.port, nick, channel: CHANNEL })),
    startBridge(args) {
      const bridge = new BridgeProcess({ args, env, directory });
      scope.defer(() => bridge.stop());
      return bridge;
    },
  };
}

function startXmpp({ xmpp }: Options): Promise<XmppServer> {
  const users = { alice: PASSWORD, bob: PASSWORD, [bridgeNick]: PASSWORD };
  // An archive is work for the server alone, and would hide what the bridge costs.
  const start = xmpp === "prosody" ? startProsody : startEjabberd;
  return start({ users, mam: false });
}

function startIrc({ ircd }: Options): Promise<IrcServer> {
  return ircd === "inspircd" ? startInspircd({ flood: "none" }) : startNgircd();
}

function environment({
  xmpp,
  irc,
  socketPath,
  stateDirectory,
}: {
  readonly xmpp: XmppServer;
  readonly irc: IrcServer;
  readonly socketPath: string;
  readonly stateDirectory: string;
}): Readonly<Record<string, string>> {
  const jid = `${bridgeNick}@${xmpp.domain}`;
  return {
    XMPP_SERVICE: `xmpp://127.0.0.1:${xmpp.port}`,
    XMPP_DOMAIN: xmpp.domain,
    XMPP_TLS: "optional",
    IRC_XMPP_JID: jid,
    IRC_XMPP_PASSWORD: PASSWORD,
    IRC_XMPP_NICK: bridgeNick,
    IRC_SERVERS: `irc://127.0.0.1:${irc.port}`,
    IRC_NICK: bridgeNick,
    IRC_LINKS: `${CHANNEL}=${ROOM}`,
    IRC_LINE_INTERVAL: "0",
    WEBRIDGE_XMPP_JID: jid,
    WEBRIDGE_XMPP_PASSWORD: PASSWORD,
    WEBRIDGE_XMPP_NICK: bridgeNick,
    WEBRIDGE_ROOM: ROOM,
    WEBRIDGE_SOCKET: socketPath,
    STATE_DIRECTORY: stateDirectory,
  };
}

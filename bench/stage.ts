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
import type { Program } from "./candidates.ts";
import { bridgeNick, channel, type Ports, password, roomJid } from "./environment.ts";
import type { ServerChoice } from "./options.ts";

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
  /** Starts a bridge between the room, the channel and the socket; it connects to these ports. */
  startBridge(program: Program, ports?: Ports): BridgeProcess;
}

export interface StageOptions extends ServerChoice {
  /** Whether the room keeps an archive: work for the server alone, which hides what a bridge costs. */
  readonly archive: boolean;
}

/** Starts the servers; all that is on the stage goes when the scope closes. */
export async function openStage(options: StageOptions, scope: Scope): Promise<Stage> {
  const directory = await mkdtemp(join(tmpdir(), "saxbridge-bench-"));
  scope.defer(() => rm(directory, { recursive: true, force: true }));
  const xmpp = await startXmpp(options);
  scope.defer(() => xmpp.stop());
  const irc = await startIrc(options);
  scope.defer(() => irc.stop());
  const { domain, muc } = xmpp;
  const socketPath = join(directory, "announce.sock");
  const stateDirectory = join(directory, "state");

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
      const account = { port: xmpp.port, domain, user: nick, password };
      return leavingAtTheEnd(joinBareRoom({ ...account, room: roomJid(xmpp), nick }));
    },
    joinChannel: (nick) => leavingAtTheEnd(joinBareChannel({ port: irc.port, nick, channel })),
    startBridge(
      { file = process.execPath, args, env },
      ports = { xmpp: xmpp.port, irc: irc.port },
    ) {
      const variables = env({ ports, domain, muc, socketPath, stateDirectory });
      const bridge = new BridgeProcess({ file, args, env: variables, directory });
      scope.defer(() => bridge.stop());
      return bridge;
    },
  };
}

function startXmpp({ xmpp, archive }: StageOptions): Promise<XmppServer> {
  const users = { alice: password, bob: password, [bridgeNick]: password };
  const start = xmpp === "prosody" ? startProsody : startEjabberd;
  return start({ users, mam: archive });
}

function startIrc({ ircd }: StageOptions): Promise<IrcServer> {
  return ircd === "inspircd" ? startInspircd({ flood: "none" }) : startNgircd();
}

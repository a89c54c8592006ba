import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { startInspircd } from "../../cli/demo/servers/inspircd.ts";
import type { IrcServer } from "../../cli/demo/servers/irc-server.ts";
import { startProsody } from "../../cli/demo/servers/prosody.ts";
import type { XmppServer } from "../../cli/demo/servers/xmpp-server.ts";
import type { Scope } from "../../shared/lifecycle/scope.ts";
import { bridgeNick, Channel, channelName } from "./channel.ts";
import type { Chronicle } from "./chronicle.ts";
import { Daemon } from "./daemon.ts";
import { SmallDisk } from "./disk.ts";
import { Door } from "./door.ts";
import { accounts, Room, relayNick, roomJid } from "./room.ts";

/** Everything of a run that a fault can take hold of. */
export interface Stage {
  readonly xmpp: XmppServer;
  readonly irc: IrcServer;
  /** Between the program and the XMPP server. */
  readonly xmppDoor: Door;
  /** Between the program and the IRC server, which it takes for two servers of a network. */
  readonly ircDoors: readonly Door[];
  readonly daemon: Daemon;
  readonly room: Room;
  readonly channel: Channel;
  /** Where the program keeps its state; undefined where nobody may mount a small disk. */
  readonly disk: SmallDisk | undefined;
  /** Where the program answers questions. */
  readonly controlSocket: string;
  readonly chronicle: Chronicle;
}

export interface StageOptions {
  readonly directory: string;
  /** The compiled program's main file. */
  readonly main: string;
  readonly socketFd: number;
  readonly faketime: string | undefined;
  readonly chronicle: Chronicle;
  readonly scope: Scope;
}

/** Starts the servers and makes all the rest; the program does not run yet. */
export async function openStage(options: StageOptions): Promise<Stage> {
  const { directory, chronicle, scope } = options;
  const xmpp = await startProsody({ users: accounts });
  scope.defer(() => xmpp.stop());
  const irc = await startInspircd({ pingSeconds: 20 });
  scope.defer(() => irc.stop());
  const xmppDoor = await Door.open(xmpp.port);
  const ircDoors = [await Door.open(irc.port), await Door.open(irc.port)];
  scope.defer(() => {
    for (const door of [xmppDoor, ...ircDoors]) door.close();
  });
  const stateDirectory = join(directory, "state");
  await mkdir(stateDirectory);
  const disk = SmallDisk.mount(stateDirectory);
  scope.defer(() => disk?.unmount());
  const controlSocket = join(directory, "control.sock");
  const env = environment({ xmppDoor, ircDoors, stateDirectory, controlSocket });
  const daemon = new Daemon({ ...options, env });
  scope.defer(() => daemon.kill9());
  return {
    xmpp,
    irc,
    xmppDoor,
    ircDoors,
    daemon,
    room: new Room(xmpp, chronicle),
    channel: new Channel(irc, chronicle),
    disk,
    controlSocket,
    chronicle,
  };
}

function environment({
  xmppDoor,
  ircDoors,
  stateDirectory,
  controlSocket,
}: {
  readonly xmppDoor: Door;
  readonly ircDoors: readonly Door[];
  readonly stateDirectory: string;
  readonly controlSocket: string;
}): Readonly<Record<string, string>> {
  return {
    XMPP_SERVICE: `xmpp://127.0.0.1:${xmppDoor.port}`,
    XMPP_DOMAIN: "localhost",
    XMPP_TLS: "optional",
    WEBRIDGE_XMPP_JID: "webridge@localhost",
    WEBRIDGE_XMPP_PASSWORD: accounts.webridge,
    WEBRIDGE_ROOM: roomJid,
    IRC_XMPP_JID: "relay@localhost",
    IRC_XMPP_PASSWORD: accounts.relay,
    IRC_XMPP_NICK: relayNick,
    IRC_SERVERS: ircDoors.map(({ port }) => `irc://127.0.0.1:${port}`).join(","),
    IRC_NICK: bridgeNick,
    IRC_LINKS: `${channelName}=${roomJid}`,
    // Paced, but so that a backlog of minutes is through in seconds.
    IRC_BURST: "10",
    IRC_LINE_INTERVAL: "50ms",
    STATE_DIRECTORY: stateDirectory,
    // Room for it on the small disk, and for a filler beside it.
    AUDIT_BYTES: "4MiB",
    CONTROL_SOCKET: controlSocket,
    LOG_FORMAT: "json",
  };
}

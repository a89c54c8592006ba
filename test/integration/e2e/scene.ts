import type { IrcServer } from "../../../cli/demo/servers/irc-server.ts";
import type { XmppServer } from "../../../cli/demo/servers/xmpp-server.ts";
import { Saxbridge, type SaxbridgeRun } from "../../support/saxbridge-process.ts";
import { IrcUser } from "../../support/users/irc-user.ts";
import { XmppUser } from "../../support/users/xmpp-user.ts";

/** The accounts that a scene needs on its XMPP server. */
export const USERS = { alice: "a", webridge: "w", relay: "r", relay2: "r2", admin: "x" } as const;

const ROOM = "lounge@conference.localhost";
export const CHANNEL = "#lounge";

type Environment = Readonly<Record<string, string>>;

/** Where the XMPP server is. */
export function xmppEnvironment({ port }: Pick<XmppServer, "port">): Environment {
  return {
    XMPP_SERVICE: `xmpp://127.0.0.1:${port}`,
    XMPP_DOMAIN: "localhost",
    XMPP_TLS: "optional",
  };
}

/** What webridge needs beside the XMPP server. Its nick is `webridge`. */
export function webridgeEnvironment(room = ROOM): Environment {
  return {
    WEBRIDGE_XMPP_JID: "webridge@localhost",
    WEBRIDGE_XMPP_PASSWORD: USERS.webridge,
    WEBRIDGE_ROOM: room,
  };
}

/** What irc-relay needs beside the XMPP server. It is `irc` in the room and `saxjax` on IRC. */
export function relayEnvironment(
  servers: readonly Pick<IrcServer, "port">[],
  { room = ROOM, channel = CHANNEL }: { readonly room?: string; readonly channel?: string } = {},
): Environment {
  return {
    IRC_XMPP_JID: "relay@localhost",
    IRC_XMPP_PASSWORD: USERS.relay,
    IRC_SERVERS: servers.map(({ port }) => `irc://127.0.0.1:${port}`).join(","),
    IRC_NICK: "saxjax",
    IRC_LINKS: `${channel}=${room}`,
    IRC_LINE_INTERVAL: "0",
  };
}

/** Where a scene plays. */
export interface SceneOptions {
  readonly xmpp: XmppServer;
  readonly irc: IrcServer;
  readonly room?: string;
  readonly channel?: string;
  /** On top of what both bridges need. */
  readonly env?: Environment;
}

/** Both bridges between a room and a channel, with somebody in each who hears everything. */
export interface Scene {
  readonly room: string;
  readonly channel: string;
  readonly saxbridge: Saxbridge;
  readonly run: SaxbridgeRun;
  /** In the room, as its owner. */
  readonly alice: XmppUser;
  /** In the channel, as its operator. */
  readonly ivan: IrcUser;
  close(): Promise<void>;
}

/** Opens a scene; resolves when everybody is in their place. */
export async function openScene({
  xmpp,
  irc,
  room = ROOM,
  channel = CHANNEL,
  env = {},
}: SceneOptions): Promise<Scene> {
  const alice = await enterRoom(xmpp, { room });
  const ivan = await enterChannel(irc, { channel });
  const saxbridge = await Saxbridge.install({
    ...xmppEnvironment(xmpp),
    ...webridgeEnvironment(room),
    ...relayEnvironment([irc], { room, channel }),
    ...env,
  });
  const run = saxbridge.run();
  const close = async () => {
    alice.close();
    ivan.quit();
    await saxbridge.remove();
  };
  try {
    await inPlace(run);
  } catch (error) {
    await close();
    throw error;
  }
  return { room, channel, saxbridge, run, alice, ivan, close };
}

/** Resolves when both bridges are in their room, and the relay in its channel. */
export async function inPlace(run: SaxbridgeRun): Promise<void> {
  await Promise.all([
    run.waitFor(({ event, bridge }) => event === "room joined" && bridge === "webridge"),
    run.waitFor(({ event, bridge }) => event === "room joined" && bridge === "irc-relay"),
    run.waitFor("channel joined"),
  ]);
}

interface EnterRoom {
  readonly room?: string;
  readonly user?: keyof typeof USERS;
  readonly history?: number;
}

/** Brings somebody into the room, under the name of the account. */
export async function enterRoom(
  { port }: Pick<XmppServer, "port">,
  { room = ROOM, user = "alice", history = 0 }: EnterRoom = {},
): Promise<XmppUser> {
  const person = await XmppUser.connect({ port, user, password: USERS[user] });
  await person.join(room, user, { history });
  return person;
}

/** Brings somebody into the channel. */
export async function enterChannel(
  { port }: Pick<IrcServer, "port">,
  { channel = CHANNEL, nick = "ivan" }: { readonly channel?: string; readonly nick?: string } = {},
): Promise<IrcUser> {
  const person = await IrcUser.connect({ port, nick });
  await person.join(channel);
  return person;
}

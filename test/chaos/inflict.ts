import type { IrcUser } from "../support/users/irc-user.ts";
import { itemAt } from "./chance.ts";
import { bridgeNick, channelName, findBridges } from "./channel.ts";
import type { Door, Lift, Way } from "./door.ts";
import type { KindName } from "./kinds.ts";
import { relayNick, roomSpeaker } from "./room.ts";
import type { Stage } from "./stage.ts";

/** Begins a fault; resolves with its repair, or rejects when there is nothing to inflict it on. */
export type Inflict = (stage: Stage, draw: number) => Promise<Lift>;

/** How each kind of fault is done. */
export const inflict: Readonly<Record<KindName, Inflict>> = {
  "kill-daemon": async ({ daemon }) => {
    await daemon.kill9();
    return async () => daemon.start();
  },
  "terminate-daemon": async ({ daemon }) => {
    await daemon.terminate();
    return async () => daemon.start();
  },
  "freeze-daemon": async ({ daemon }) => {
    daemon.freeze();
    return async () => daemon.thaw();
  },
  "kill-xmpp": async ({ xmpp, xmppDoor, room }) => {
    const admit = await xmppDoor.refuse();
    await xmpp.kill9();
    return async () => {
      await xmpp.restart();
      await Promise.all([room.listener.inside(), room.speaker.inside()]);
      await admit();
    };
  },
  "freeze-xmpp": async ({ xmpp }) => {
    xmpp.pause();
    return async () => xmpp.resume();
  },
  "kill-irc": async ({ irc, ircDoors, channel }) => {
    const admit = await refuseAll(ircDoors);
    await irc.kill9();
    return async () => {
      await irc.restart();
      // No line may be said before there is somebody to hear it: the channel has no archive.
      await Promise.all([channel.listener.inside(), channel.speaker.inside()]);
      await admit();
    };
  },
  "freeze-irc": async ({ irc }) => {
    irc.pause();
    return async () => irc.resume();
  },
  "reset-xmpp": ({ xmppDoor }) => cut([xmppDoor], "rst"),
  "close-xmpp": ({ xmppDoor }) => cut([xmppDoor], "fin"),
  "hole-xmpp": ({ xmppDoor }, draw) => swallow([xmppDoor], ["in", "out"], draw),
  "half-hole-xmpp": ({ xmppDoor }, draw) => swallow([xmppDoor], [wayOf(draw)], 0),
  "mute-xmpp": ({ xmppDoor }) => answerInstead([xmppDoor], undefined),
  "reset-irc": ({ ircDoors }) => cut(ircDoors, "rst"),
  "close-irc": ({ ircDoors }) => cut(ircDoors, "fin"),
  "hole-irc": ({ ircDoors }, draw) => swallow(ircDoors, ["in", "out"], draw),
  "half-hole-irc": ({ ircDoors }, draw) => swallow(ircDoors, [wayOf(draw)], 0),
  "mute-irc": ({ ircDoors }) => answerInstead(ircDoors, undefined),
  "throttle-irc": async ({ ircDoors }) => {
    const door = usedOf(ircDoors);
    return answerInstead([door], "ERROR :Trying to reconnect too fast, please wait\r\n");
  },
  "kline-irc": async ({ ircDoors }) => {
    const text = "ERROR :Closing Link: saxjax[127.0.0.1] (K-Lined: chaos)\r\n";
    const door = usedOf(ircDoors);
    door.sayAndClose(text);
    return door.answerWith(text);
  },
  "kick-channel": async ({ channel }) => {
    await channel.operate(kickBridges);
    return nothing;
  },
  "ban-channel": async ({ channel }) => {
    await channel.operate(async (operator) => {
      await kickBridges(operator);
      operator.send(`SAMODE ${channelName} +b ${BAN}`);
    });
    return () => channel.operate(letBridgesIn);
  },
  "take-channel-nick": async ({ channel }) => {
    const holder = await channel.connect("holder");
    try {
      await channel.operate(async (operator) => {
        for (const nick of await findBridges(operator, "*")) operator.send(`SANICK ${nick} moved`);
      });
      await holder.changeNick(bridgeNick);
    } catch (error) {
      holder.quit();
      throw error;
    }
    return async () => holder.quit();
  },
  "kick-room": async ({ room }, draw) => {
    await room.kick(bridgeOf(draw));
    return nothing;
  },
  "take-room-nick": async ({ xmppDoor, room }) => {
    const admit = await cut([xmppDoor], "rst");
    try {
      await room.renameSpeaker(relayNick);
    } finally {
      await admit();
    }
    return () => room.renameSpeaker(roomSpeaker);
  },
  "ban-room": async ({ room }, draw) => {
    await room.ban(bridgeOf(draw));
    return () => room.unban(bridgeOf(draw));
  },
  "destroy-room": async ({ room }) => {
    await room.destroy();
    return nothing;
  },
  "full-disk": async ({ disk }) => {
    if (disk === undefined) throw new Error("only root can mount a small disk");
    disk.fill();
    return async () => disk.free();
  },
  "clock-jump": async ({ daemon }, draw) => {
    daemon.shiftClock(Math.round((2 * draw - 1) * HOUR));
    return async () => daemon.shiftClock(0);
  },
};

const HOUR = 3_600_000;
const BAN = `*!${bridgeNick}@*`;

async function kickBridges(operator: IrcUser): Promise<void> {
  const bridges = await findBridges(operator, channelName);
  if (bridges.length === 0) throw new Error("no bridge is in the channel");
  for (const nick of bridges) operator.send(`SAKICK ${channelName} ${nick} :chaos`);
}

/** Lifts the ban and says so: otherwise who was banned asks again only after minutes. */
async function letBridgesIn(operator: IrcUser): Promise<void> {
  await operator.join(channelName);
  operator.send(`SAMODE ${channelName} -b+o ${BAN} ${operator.nick}`);
  const bridges = await findBridges(operator, "*");
  for (const nick of bridges) operator.send(`INVITE ${nick} ${channelName}`);
}

async function cut(doors: readonly Door[], how: "fin" | "rst"): Promise<Lift> {
  const admit = await refuseAll(doors);
  for (const door of doors) door.cut(how);
  return admit;
}

async function refuseAll(doors: readonly Door[]): Promise<Lift> {
  return liftAll(await Promise.all(doors.map((door) => door.refuse())));
}

/**
 * Half of the time the network has forgotten the connections when it comes back, as a router that was
 * started anew: then what it swallowed never arrives.
 */
async function swallow(doors: readonly Door[], ways: readonly Way[], draw: number): Promise<Lift> {
  const lift = liftAll(doors.map((door) => door.swallow(ways)));
  return async () => {
    if (draw >= 0.5) for (const door of doors) door.cut("rst");
    await lift();
  };
}

/** Breaks all connections; whoever connects again is answered with this text, or not at all. */
async function answerInstead(doors: readonly Door[], text: string | undefined): Promise<Lift> {
  const lifts = doors.map((door) => door.answerWith(text));
  for (const door of doors) door.cut("rst");
  return liftAll(lifts);
}

function liftAll(lifts: readonly Lift[]): Lift {
  return async () => {
    await Promise.all(lifts.map((lift) => lift()));
  };
}

/** The door that the program goes through just now. */
function usedOf(doors: readonly Door[]): Door {
  const used = doors.find((door) => door.used > 0);
  if (used === undefined) throw new Error("the program is not connected");
  return used;
}

function wayOf(draw: number): Way {
  return itemAt(["in", "out"] as const, draw) ?? "in";
}

function bridgeOf(draw: number): "relay" | "webridge" {
  return itemAt(["relay", "webridge"] as const, draw) ?? "relay";
}

async function nothing(): Promise<void> {}

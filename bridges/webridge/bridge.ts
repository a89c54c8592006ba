import type { z } from "zod";
import { errorMessage } from "../../shared/error-message.ts";
import type { Bridge, BridgeContext } from "../../shared/lifecycle/bridge.ts";
import { speakUntilStopped } from "../../shared/lifecycle/speak-until-stopped.ts";
import { drain, type LastFate } from "../../shared/outbox/drain.ts";
import { Outbox } from "../../shared/outbox/outbox.ts";
import { FatalError } from "../../shared/retry/keep-connected.ts";
import { receiveDatagrams } from "../../shared/unix/datagram.ts";
import { inheritedSocket } from "../../shared/unix/inherited-socket.ts";
import type { DatagramReceiver } from "../../shared/unix/receiver.ts";
import { connectXmpp } from "../../shared/xmpp/connection.ts";
import { keepInRooms } from "../../shared/xmpp/keep-in-rooms.ts";
import { Room } from "../../shared/xmpp/room.ts";
import { sameBare } from "../../shared/xmpp/wire/jid.ts";
import type { webridge as section } from "./config.ts";
import { formatAnnouncement } from "./format.ts";
import { type Announcement, parseDatagram } from "./parse.ts";

/** How many announcements may be on their way to the room unconfirmed. */
const WINDOW = 200;

/** How often datagrams of a burst are written down at most, in milliseconds. */
const FLUSH_INTERVAL = 1;

/** The site's socket, as a link of health. */
const SOCKET = "announcements";

type Config = z.output<typeof section>["webridge"];

/** Says in a room what the site's code writes to a UNIX datagram socket. */
export const webridge: Bridge<typeof section> = {
  async run(context, { webridge: config }) {
    const { log } = context;
    const outbox = openOutbox(context, config);
    const room = openRoom(context, config, outbox);
    context.health.direction({
      name: `announcements ${config.room}`,
      needs: [SOCKET, room.link],
      outbox,
    });
    const receiver = context.checkOnly ? undefined : await listen(context, config, outbox);
    try {
      await announce(context, config, outbox, room);
    } finally {
      // What senders have got rid of is in the outbox before anybody closes the journal. A bridge that
      // has failed lets go of the socket, too, or it would keep the program from ending.
      await receiver?.close();
      const { pending } = outbox;
      if (pending > 0) log.info("announcements kept for the next start", { count: pending });
    }
  },
};

/** Says in the room what the outbox holds, until the program is told to stop. */
function announce(
  context: BridgeContext,
  config: Config,
  outbox: Outbox<Announcement>,
  room: Room,
): Promise<void> {
  const { clock, log, signal } = context;
  return speakUntilStopped({
    clock,
    signal,
    speak: (signal) =>
      drain({
        outbox,
        window: WINDOW,
        whenUncertain: "say-again",
        clock,
        log,
        signal,
        place: {
          stay: (signal) => room.stay(signal),
          say: ({ id, value }, written) =>
            room.say({ id, body: formatAnnouncement(value) }, written),
        },
        onSettled: (_entry, fate) => countFate(context, fate),
      }),
    connect: (signal) => stayInRoom(context, config, room, signal),
  });
}

function openOutbox({ journal, clock, log }: BridgeContext, config: Config): Outbox<Announcement> {
  return new Outbox<Announcement>({
    queue: `webridge ${config.room}`,
    journal,
    clock,
    log,
    maxEntries: config.queueMessages,
    maxBytes: config.queueBytes,
    maxAgeMs: config.queueAge,
    toDisk: "before-said",
    // A site that is not sure whether it was taken may write it again.
    rememberIds: true,
    summarise: ({ count, since, why }) => ({
      kind: "text",
      text: `(${count} announcements since ${new Date(since).toISOString()} were left out: ${why})`,
    }),
    describe: (value) => ({ nick: undefined, text: formatAnnouncement(value) }),
  });
}

function openRoom(
  { journal, clock, log, counters, health }: BridgeContext,
  config: Config,
  outbox: Outbox<Announcement>,
): Room {
  return new Room({
    jid: config.room,
    nick: config.xmppNick,
    newRoom: config.newRoom,
    historySince: () => outbox.oldestAt,
    notes: journal,
    owner: "webridge",
    clock,
    log,
    counters,
    health,
  });
}

/** Takes datagrams from now on, whatever the state of the room. */
async function listen(
  context: BridgeContext,
  config: Config,
  outbox: Outbox<Announcement>,
): Promise<DatagramReceiver> {
  const { log, health, counters, signal } = context;
  const writeDown = promptly(context);
  health.set(SOCKET, "opening", "not listening yet");
  const count = (result: string) => counters.add("datagrams", { result });
  const refuse = (why: string, bytes: Uint8Array, detail?: string) => {
    count(why);
    log.warn("announcement refused", { why, detail, bytes: bytes.length });
    const text = new TextDecoder().decode(bytes);
    outbox.passOver(`ignored: ${why}`, { id: "", nick: undefined, text });
  };
  const take = (bytes: Uint8Array, truncated: boolean) => {
    const { message, ignored, notes, detail } = parseDatagram(bytes, {
      truncated,
      htmlEntities: config.htmlEntities,
    });
    for (const note of notes) count(note);
    if (notes.includes("cut")) log.warn("announcement cut", { bytes: bytes.length });
    if (message === undefined) refuse(ignored, bytes, detail);
    else if (isForAnotherRoom(message, config)) {
      refuse("wrong-room", bytes, `only ${config.room} is served`);
    } else {
      count(outbox.put(idOf(message), message));
      writeDown();
    }
  };
  try {
    const { socket: path, socketMode: mode, socketGroup: group } = config;
    const listenFd = inheritedSocket();
    const options = { path, mode, group, listenFd, signal, log, counters };
    const receiver = await receiveDatagrams(options, take);
    const where = listenFd === undefined ? path : "the socket that systemd opened";
    health.set(SOCKET, "up", where);
    log.info("listening for announcements", { socket: where });
    return receiver;
  } catch (error) {
    throw new FatalError(errorMessage(error), { cause: error });
  }
}

/**
 * Writes down what was taken, so that a crash loses next to nothing of what the site got rid of. The
 * rest of a burst is written when the turn of the event loop ends, by the journal itself.
 */
function promptly({ journal, clock }: BridgeContext): () => void {
  let flushedAt = Number.NEGATIVE_INFINITY;
  return () => {
    if (clock.now() - flushedAt < FLUSH_INTERVAL) return;
    journal.flush();
    flushedAt = clock.now();
  };
}

function isForAnotherRoom(announcement: Announcement, { room }: Config): boolean {
  if (announcement.kind !== "event" || announcement.room === undefined) return false;
  return !sameBare(announcement.room, room);
}

/** The site's own id where it gives one: the same announcement is then the same message. */
function idOf(announcement: Announcement): string | undefined {
  return announcement.kind === "event" ? announcement.id : undefined;
}

function stayInRoom(
  context: BridgeContext,
  { xmppJid: jid, xmppPassword: password }: Config,
  room: Room,
  signal: AbortSignal,
): Promise<void> {
  const { xmpp, journal, clock, log, health, counters, version } = context;
  const beforeWrite = () => journal.flush();
  return keepInRooms({
    rooms: [room],
    jid,
    clock,
    log,
    health,
    signal,
    connect: (signal) =>
      connectXmpp({ ...xmpp, jid, password, version, log, counters, beforeWrite }, signal),
  });
}

function countFate({ counters }: BridgeContext, fate: LastFate): void {
  counters.add("announcements", {
    fate: typeof fate === "object" ? `refused: ${fate.refused}` : fate,
  });
}

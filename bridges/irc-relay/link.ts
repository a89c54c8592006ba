import { IrcChannel } from "../../shared/irc/channel.ts";
import type { IrcSpeech } from "../../shared/irc/wire/speech.ts";
import type { BridgeContext } from "../../shared/lifecycle/bridge.ts";
import type { ChatMessage, Reading } from "../../shared/message.ts";
import { drain, type Place } from "../../shared/outbox/drain.ts";
import { Outbox, type Taken } from "../../shared/outbox/outbox.ts";
import { Room } from "../../shared/xmpp/room.ts";
import type { Heard } from "../../shared/xmpp/wire/heard.ts";
import { type RelayOrigin, relayMark } from "../../shared/xmpp/wire/relay-mark.ts";
import { formatForIrc, formatForRoom, splitForIrc } from "./format.ts";
import { type IgnoreReason, readIrcSpeech, readRoomSpeech } from "./parse.ts";
import { RecentLines } from "./recent-lines.ts";
import type { IrcVoice } from "./voice.ts";

/** How many messages may be on their way to one side unconfirmed. */
const WINDOW = 200;

export interface LinkOptions {
  readonly channel: string;
  readonly room: string;
  /** The other channels of this relay. */
  readonly otherChannels: readonly string[];
  readonly roomNick: string;
  readonly newRoom: "accept" | "refuse";
  readonly relayNotices: boolean;
  readonly queueMessages: number;
  readonly queueBytes: number;
  readonly queueAge: number;
  readonly voice: IrcVoice;
  readonly context: BridgeContext;
}

type Direction = "irc-to-room" | "room-to-irc";

/** One channel and one room that share their conversation. */
export class Link {
  readonly channel: IrcChannel;
  readonly room: Room;
  readonly #options: LinkOptions;
  readonly #toRoom: Outbox<ChatMessage>;
  readonly #toChannel: Outbox<ChatMessage>;
  readonly #saidInRoom: RecentLines;
  readonly #saidInChannel: RecentLines;
  #knowsOtherRelay = false;
  /** What the ids of lines from the channel begin with. */
  #mark = "";
  #markedNetwork: string | undefined;

  constructor(options: LinkOptions) {
    this.#options = options;
    const { context, channel, room, roomNick, newRoom, otherChannels } = options;
    this.#toRoom = this.#openOutbox("irc-to-room");
    this.#toChannel = this.#openOutbox("room-to-irc");
    this.#saidInRoom = new RecentLines(context.clock);
    this.#saidInChannel = new RecentLines(context.clock);
    this.channel = new IrcChannel({
      ...context,
      name: channel,
      others: otherChannels,
      notes: context.journal,
    });
    this.room = new Room({
      ...context,
      jid: room,
      nick: roomNick,
      newRoom,
      historySince: () => this.#toRoom.oldestAt,
      notes: context.journal,
      owner: `irc-relay ${channel}`,
    });
    this.#showHealth("irc-to-room", this.#toRoom);
    this.#showHealth("room-to-irc", this.#toChannel);
    if (context.checkOnly) return;
    this.channel.onSpeech((speech) => this.#hearChannel(speech));
    this.room.onSpeech((heard) => this.#hearRoom(heard));
  }

  /** Messages of both directions that are not settled. */
  get pending(): number {
    return this.#toRoom.pending + this.#toChannel.pending;
  }

  /** Says in each place what was heard in the other, until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { channel, room } = this;
    const { voice } = this.#options;
    await Promise.all([
      this.#drain("irc-to-room", this.#toRoom, signal, {
        stay: (signal) => room.stay(signal),
        say: ({ id, value }, written) => {
          const body = formatForRoom(value);
          this.#saidInRoom.add(body);
          return room.say({ id, body }, written);
        },
      }),
      this.#drain("room-to-irc", this.#toChannel, signal, {
        stay: (signal) => channel.waitInside(signal),
        say: ({ value }, written) => {
          const lines = formatForIrc(value, voice.textBytes(channel));
          for (const line of lines) this.#saidInChannel.add(line);
          return voice.say(lines, channel, written);
        },
      }),
    ]);
  }

  #showHealth(direction: Direction, outbox: Outbox<ChatMessage>): void {
    const { channel, room } = this;
    const name = `${direction} ${channel.name} ${room.jid}`;
    const needs = [channel.link, room.link];
    this.#options.context.health.direction({ name, needs, outbox });
  }

  #hearChannel(speech: IrcSpeech): void {
    const { relayNotices } = this.#options;
    const reading = readIrcSpeech(speech, {
      relayNotices,
      isOurs: (body) =>
        this.#saidInChannel.has(body) ||
        this.#saidInRoom.hasQuoted(body, this.room.nick ?? this.#options.roomNick),
    });
    const origin = this.#origin();
    if (origin.network !== this.#markedNetwork) {
      this.#markedNetwork = origin.network;
      this.#mark = relayMark(origin);
    }
    const outcome = reading.message && this.#toRoom.put({ beginning: this.#mark }, reading.message);
    this.#count("irc-to-room", reading, outcome);
  }

  #hearRoom(heard: Heard): void {
    const { voice } = this.#options;
    const reading = readRoomSpeech(heard, {
      origin: this.#origin(),
      isOurs: (body) => voice.nick !== undefined && this.#saidInChannel.hasQuoted(body, voice.nick),
    });
    this.#count(
      "room-to-irc",
      reading,
      reading.message && this.#takeForChannel(reading.message, heard),
    );
  }

  #takeForChannel(message: ChatMessage, { speech }: Heard): Taken {
    // The room's own id. What one client calls its message, another may call its own.
    const { stanzaId } = speech;
    const pieces = splitForIrc(message, this.#options.voice.textBytes(this.channel));
    const [outcome = "known"] = pieces.map((piece, i) =>
      this.#toChannel.put(i === 0 ? stanzaId : stanzaId && `${stanzaId}/${i}`, piece),
    );
    return outcome;
  }

  #count(direction: Direction, { ignored }: Reading<unknown, IgnoreReason>, taken?: Taken): void {
    if (ignored === "relayed") this.#warnOfOtherRelay();
    const outcome = taken ?? `ignored: ${ignored}`;
    this.#options.context.counters.add("messages", { direction, outcome });
  }

  /** Where the lines that we bring into the room come from. */
  #origin(): RelayOrigin {
    const { voice, channel } = this.#options;
    return { network: voice.network, channel };
  }

  #warnOfOtherRelay(): void {
    if (this.#knowsOtherRelay) return;
    this.#knowsOtherRelay = true;
    const { log } = this.#options.context;
    log.warn("another relay on the same pair", { channel: this.channel.name, room: this.room.jid });
  }

  #openOutbox(direction: Direction): Outbox<ChatMessage> {
    const { context, channel, room, queueMessages, queueBytes, queueAge } = this.#options;
    return new Outbox<ChatMessage>({
      queue: `irc-relay ${direction} ${channel} ${room}`,
      journal: context.journal,
      clock: context.clock,
      log: context.log,
      maxEntries: queueMessages,
      maxBytes: queueBytes,
      maxAgeMs: queueAge,
      toDisk: "when-said",
      rememberIds: false,
      summarise: ({ count, since, why }) => ({
        kind: "notice",
        nick: "saxbridge",
        body: `${count} messages since ${new Date(since).toISOString()} were left out: ${why}`,
      }),
      describe: ({ nick, body }) => ({ nick, text: body }),
    });
  }

  #drain(
    direction: Direction,
    outbox: Outbox<ChatMessage>,
    signal: AbortSignal,
    place: Place<ChatMessage>,
  ): Promise<void> {
    const { clock, log, counters } = this.#options.context;
    return drain({
      outbox,
      place,
      window: WINDOW,
      whenUncertain: direction === "irc-to-room" ? "say-again" : "let-go",
      clock,
      log: log.child({ direction }),
      signal,
      onSettled: (_entry, fate) =>
        counters.add("messages", {
          direction,
          outcome: typeof fate === "object" ? `refused: ${fate.refused}` : fate,
        }),
    });
  }
}

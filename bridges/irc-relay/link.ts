import { IrcChannel } from "../../shared/irc/channel.ts";
import type { IrcSpeech } from "../../shared/irc/wire/speech.ts";
import type { BridgeContext } from "../../shared/lifecycle/bridge.ts";
import type { ChatMessage } from "../../shared/message.ts";
import type { Place } from "../../shared/outbox/drain.ts";
import type { Taken } from "../../shared/outbox/outbox.ts";
import { Room } from "../../shared/xmpp/room.ts";
import type { Heard } from "../../shared/xmpp/wire/heard.ts";
import { isRelayedFrom, type RelayOrigin, relayMark } from "../../shared/xmpp/wire/relay-mark.ts";
import { formatForIrc, formatForRoom, lateStamp, splitForIrc, withoutStamp } from "./format.ts";
import { isOutOfReach, wasDeaf, wasMute, wasRefused } from "./ledger.ts";
import { type IgnoreReason, readIrcSpeech, readRoomSpeech } from "./parse.ts";
import { RecentLines } from "./recent-lines.ts";
import type { IrcVoice } from "./voice.ts";
import { watchReach } from "./watch-reach.ts";
import { type Direction, type Limits, type Line, Way } from "./way.ts";

export interface LinkOptions {
  readonly channel: string;
  readonly room: string;
  /** The other channels of this relay. */
  readonly otherChannels: readonly string[];
  readonly roomNick: string;
  readonly newRoom: "accept" | "refuse";
  readonly relayNotices: boolean;
  /** Whether people are told of gaps. */
  readonly gapLines: boolean;
  readonly limits: Limits;
  readonly voice: IrcVoice;
  readonly context: BridgeContext;
}

/** One channel and one room that share their conversation. */
export class Link {
  readonly channel: IrcChannel;
  readonly room: Room;
  readonly #options: LinkOptions;
  readonly #toRoom: Way;
  readonly #toChannel: Way;
  readonly #saidInRoom: RecentLines;
  readonly #saidInChannel: RecentLines;
  #knowsOtherRelay = false;

  constructor(options: LinkOptions) {
    this.#options = options;
    const { context, channel, room, roomNick, newRoom, otherChannels, limits } = options;
    this.#toRoom = this.#openWay("irc-to-room", channel, (at, code) =>
      this.#toChannel.note(wasRefused(at, code)),
    );
    this.#toChannel = this.#openWay("room-to-irc", "the room", (at, code) =>
      this.#toRoom.note(wasRefused(at, code)),
    );
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
      historySince: () => this.#toRoom.outbox.oldestAt,
      notes: context.journal,
      owner: `irc-relay ${channel}`,
      catchUp: { maxAgeMs: limits.queueAge, most: MOST_MISSED },
      listensSince: context.clock.wallNow(),
      isOurId: (id) =>
        isRelayedFrom(id, this.#origin()) ||
        // Where the network has no name of its own, its mark was that of another server.
        this.#toRoom.outbox.doubtful.some((entry) => entry.id === id),
      essence: withoutStamp,
    });
    this.#showHealth("irc-to-room", this.#toRoom);
    this.#showHealth("room-to-irc", this.#toChannel);
    if (context.checkOnly) return;
    this.#listen();
  }

  /** Messages of both directions that are not settled. */
  get pending(): number {
    return this.#toRoom.outbox.pending + this.#toChannel.outbox.pending;
  }

  /** Says in each place what was heard in the other, until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options.context;
    const inRoom = this.#inRoom();
    const inChannel = this.#inChannel();
    await Promise.all([
      this.#toRoom.run(inRoom, signal),
      this.#toChannel.run(inChannel, signal),
      watchReach({
        ...inRoom,
        onLongAway: (since) => this.#toChannel.note(isOutOfReach(since)),
        clock,
        signal,
      }),
      watchReach({
        ...inChannel,
        onLongAway: (since) => this.#toRoom.note(isOutOfReach(since)),
        clock,
        signal,
      }),
    ]);
  }

  #inRoom(): Place<Line> {
    const { room } = this;
    const { clock } = this.#options.context;
    return {
      stay: (signal) => room.stay(signal),
      say: ({ id, at, value }, written) => {
        const body = formatForRoom(value, lateStamp(at, clock.wallNow()));
        this.#saidInRoom.add(body);
        return room.say({ id, body }, written);
      },
    };
  }

  #inChannel(): Place<Line> {
    const { channel } = this;
    const { voice, context } = this.#options;
    return {
      stay: (signal) => channel.waitInside(signal),
      say: ({ at, value }, written) => {
        const stamp = lateStamp(at, context.clock.wallNow());
        const lines = formatForIrc(value, voice.textBytes(channel), stamp);
        for (const line of lines) this.#saidInChannel.add(line);
        return voice.say(lines, channel, written);
      },
    };
  }

  #listen(): void {
    const { channel, room } = this;
    const { log } = this.#options.context;
    channel.onSpeech((speech) => this.#hearChannel(speech));
    room.onSpeech((heard) => this.#hearRoom(heard));
    channel.onReturn((gap) => {
      this.#toChannel.note(wasMute(gap));
      this.#toRoom.note(wasDeaf(gap));
    });
    room.onReturn((gap) => {
      this.#toRoom.note(wasMute(gap));
      this.#toChannel.note(wasDeaf(gap));
      // Also where nobody is told.
      const { leftOut: count } = gap;
      if (count > 0) log.warn("missed messages left out", { room: room.jid, count });
    });
  }

  #showHealth(direction: Direction, { outbox }: Way): void {
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
    const { message, ignored } = reading;
    if (message !== undefined) {
      this.#count("irc-to-room", this.#toRoom.take(undefined, message));
    } else {
      this.#ignore(this.#toRoom, ignored, { id: "", nick: speech.nick, text: speech.text });
    }
  }

  #hearRoom(heard: Heard): void {
    const { voice } = this.#options;
    const reading = readRoomSpeech(heard, {
      origin: this.#origin(),
      isOurs: (body) => voice.nick !== undefined && this.#saidInChannel.hasQuoted(body, voice.nick),
    });
    const { message, ignored } = reading;
    if (message !== undefined) {
      this.#count("room-to-irc", this.#takeForChannel(message, heard));
    } else {
      const { nick, body: text, stanzaId: id = "" } = heard.speech;
      this.#ignore(this.#toChannel, ignored, { id, nick, text });
    }
  }

  #takeForChannel(message: ChatMessage, { speech, at }: Heard): Taken {
    // The room's own id. What one client calls its message, another may call its own.
    const { stanzaId } = speech;
    const pieces = splitForIrc(message, this.#options.voice.textBytes(this.channel));
    const [outcome = "known"] = pieces.map((piece, i) =>
      this.#toChannel.take(i === 0 ? stanzaId : stanzaId && `${stanzaId}/${i}`, piece, at),
    );
    return outcome;
  }

  #ignore(way: Way, reason: IgnoreReason, what: { id: string; nick: string; text: string }): void {
    if (reason === "relayed") this.#warnOfOtherRelay();
    const code = `ignored: ${reason}`;
    this.#count(way.direction, code);
    // Nobody asks why our own words, and what was said before we came, are not repeated.
    if (reason !== "own-echo" && reason !== "history") way.outbox.passOver(code, what);
  }

  #count(direction: Direction, outcome: string): void {
    this.#options.context.counters.add("messages", { direction, outcome });
  }

  /** What the ids of lines begin with that we bring into the room. */
  #idPrefix(): string {
    return relayMark(this.#origin());
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

  #openWay(direction: Direction, from: string, onRefused: (at: number, code: string) => void): Way {
    const { context, channel, room, limits, gapLines } = this.#options;
    return new Way({
      direction,
      ends: `${channel} ${room}`,
      from,
      limits,
      gapLines,
      idPrefix: () => this.#idPrefix(),
      onRefused,
      context,
    });
  }
}

/** More than these would fill a channel for half an hour. */
const MOST_MISSED = 1_000;

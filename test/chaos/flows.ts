import type { Declared, Flow, NumberAt, Said, Span } from "./account.ts";
import { type Channel, channelSpeaker } from "./channel.ts";
import { readDeclarations } from "./declared.ts";
import { readNumber } from "./numbers.ts";
import type { Room } from "./room.ts";
import type { Announced } from "./site.ts";
import { type Shift, trueSpans } from "./wall-clock.ts";

/** What a run has shown. */
export interface Evidence {
  readonly announced: readonly Announced[];
  readonly room: Room;
  readonly channel: Channel;
  readonly shifts: readonly Shift[];
  readonly faults: readonly Span[];
  /** When everything was in its place first: what was said earlier may have been heard or not. */
  readonly since: number;
  /** When the IRC server was killed. */
  readonly ircDeaths: readonly number[];
}

/** What an IRC server has accepted, and dies before it passes it on, nobody hears: milliseconds before its end. */
const DYING_MS = 100;

/** Something that somebody heard. */
interface Utterance {
  readonly nick: string;
  readonly text: string;
  readonly at: number;
}

/** The three ways that numbers went. */
export function flowsOf(evidence: Evidence): readonly Flow[] {
  const heard = whatWasHeard(evidence);
  return [siteToRoom, roomToChannel, channelToRoom].map((flowOf) => {
    const flow = flowOf(evidence, heard);
    const said = flow.said.map((one) => ({
      ...one,
      isSure: one.isSure && one.at >= evidence.since,
    }));
    return { ...flow, said, faults: evidence.faults };
  });
}

type BareFlow = Omit<Flow, "faults">;

function siteToRoom({ announced }: Evidence, { room, toldInRoom }: Heard): BareFlow {
  return {
    name: "site to room",
    queue: "webridge ",
    said: announced.map(({ number, at }) => ({ tag: "p", number, at, isSure: true })),
    heard: room.filter(({ tag }) => tag === "p"),
    echoed: [],
    declared: toldInRoom.filter((line) => line.of === "announced"),
    returns: [],
    deaf: [],
  };
}

function roomToChannel({ room, ircDeaths }: Evidence, heard: Heard): BareFlow {
  return {
    name: "room to channel",
    queue: "irc-relay room-to-irc ",
    said: onceEach(heard.room.filter((one) => one.tag !== "i" && !isEchoInRoom(one))),
    heard: heard.channel.filter(({ tag }) => tag !== "i"),
    echoed: heard.room.filter(isEchoInRoom),
    declared: between(heard.toldInRoom, heard.toldInChannel),
    returns: room.relayCame,
    deaf: ircDeaths.map((at) => ({ since: at - DYING_MS, until: at })),
  };
}

/** Whoever relays puts the speaker's nick before the text. */
function isEchoInRoom({ tag, text }: NumberHeard): boolean {
  return tag === "x" && !text.startsWith("#");
}

function channelToRoom({ channel }: Evidence, heard: Heard): BareFlow {
  const bySpeaker = heard.channel.filter(({ nick }) => nick === channelSpeaker);
  const heardAt = new Map(bySpeaker.map(({ number, at }) => [number, at]));
  return {
    name: "channel to room",
    queue: "irc-relay irc-to-room ",
    // When the server passed it on, which may have been long after it was sent.
    said: channel.said.map(({ number, at, isProved }) => ({
      tag: "i",
      number,
      at: heardAt.get(number) ?? at,
      isSure: isProved,
    })),
    heard: heard.room.filter(({ tag }) => tag === "i"),
    echoed: heard.channel.filter(({ tag, nick }) => tag === "i" && nick !== channelSpeaker),
    declared: between(heard.toldInChannel, heard.toldInRoom),
    returns: channel.relayCame,
    deaf: [],
  };
}

type NumberHeard = Utterance & NumberAt;

/** What was heard in each place: numbers, and what the program told of itself. */
interface Heard {
  readonly room: readonly NumberHeard[];
  readonly channel: readonly NumberHeard[];
  readonly toldInRoom: readonly Declared[];
  readonly toldInChannel: readonly Declared[];
}

function whatWasHeard({ room, channel, shifts }: Evidence): Heard {
  const inRoom = room.transcript.messages.map(({ nick, body, at }) => ({ nick, text: body, at }));
  return {
    room: numbersIn(inRoom),
    channel: numbersIn(channel.lines),
    toldInRoom: declarationsIn(inRoom, shifts),
    toldInChannel: declarationsIn(channel.lines, shifts),
  };
}

function numbersIn(utterances: readonly Utterance[]): readonly NumberHeard[] {
  return utterances.flatMap((utterance) => {
    const numbered = readNumber(utterance.text);
    return numbered === undefined ? [] : [{ ...utterance, ...numbered }];
  });
}

function onceEach(numbers: readonly NumberAt[]): readonly Said[] {
  const seen = new Set<string>();
  return numbers.flatMap(({ tag, number, at }) => {
    const key = `${tag}.${number}`;
    if (seen.has(key)) return [];
    seen.add(key);
    return [{ tag, number, at, isSure: true }];
  });
}

function declarationsIn(
  utterances: readonly Utterance[],
  shifts: readonly Shift[],
): readonly Declared[] {
  return utterances
    .filter(({ text }) => readNumber(text) === undefined)
    .flatMap(({ text, at: heardAt }) =>
      readDeclarations(text, heardAt).map((line) => ({
        ...line,
        spans: trueSpans(line.shown, { shifts, heardAt }),
      })),
    );
}

/** What is declared of the messages from one place to another. */
function between(from: readonly Declared[], to: readonly Declared[]): readonly Declared[] {
  return [
    ...from.filter((line) => line.of === "from here"),
    ...to.filter((line) => line.of === "to here"),
  ];
}

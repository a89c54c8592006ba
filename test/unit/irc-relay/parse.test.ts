import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatForIrc, formatForRoom } from "../../../bridges/irc-relay/format.ts";
import { readIrcSpeech, readRoomSpeech } from "../../../bridges/irc-relay/parse.ts";
import type { IrcSpeech } from "../../../shared/irc/wire/speech.ts";
import type { Heard } from "../../../shared/xmpp/wire/heard.ts";
import type { Speech } from "../../../shared/xmpp/wire/message.ts";
import { relayMark } from "../../../shared/xmpp/wire/relay-mark.ts";

const nobodyElse = () => false;
const is = (ours: string) => (body: string) => body === ours;

function line(text: string, kind: IrcSpeech["kind"] = "message"): IrcSpeech {
  return { kind, nick: "ivan", source: "ivan!u@h", text, target: "#lounge", tags: {} };
}

const plainly = { relayNotices: true, isOurs: nobodyElse };

describe("readIrcSpeech()", () => {
  test.each(["message", "action", "notice"] as const)("passes on a %s with its nick", (kind) => {
    const reading = readIrcSpeech(line("hello", kind), plainly);
    expect(reading).toEqual({ message: { kind, nick: "ivan", body: "hello" } });
  });

  test("leaves mIRC formatting and every other control behind", () => {
    const { message } = readIrcSpeech(
      line("\x02bold\x0f \x0304,12red\x03 \x00\x07\x1bend"),
      plainly,
    );
    expect(message?.body).toBe("bold red end");
  });

  test.each([[""], ["   "], ["\x02\x0304\x0f"], ["\x00\x01"]])("%j is empty", (text) => {
    expect(readIrcSpeech(line(text), plainly)).toEqual({ ignored: "empty" });
  });

  test("a notice stays where it is when notices are not wanted", () => {
    const reading = readIrcSpeech(line("hello", "notice"), { ...plainly, relayNotices: false });
    expect(reading).toEqual({ ignored: "notice" });
  });

  test("what we said ourselves does not go back, formatted or not", () => {
    const reading = readIrcSpeech(line("\x02<anna>\x02 hello"), {
      ...plainly,
      isOurs: is("<anna> hello"),
    });
    expect(reading).toEqual({ ignored: "relayed" });
  });

  test("gives one line without controls, or a reason, for any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const { message } = readIrcSpeech(line(text), plainly);
        expect(message?.body ?? "x").toMatch(/^[^\p{Cc}\u2028\u2029]+$/u);
      }),
    );
  });
});

interface Differences {
  readonly own?: boolean;
  readonly history?: boolean;
  readonly speech?: Partial<Speech>;
}

function heard(body: string, differences: Differences = {}): Heard {
  const speech: Speech = {
    kind: "speech",
    nick: "anna",
    id: "1",
    originId: undefined,
    stanzaId: undefined,
    body,
    action: false,
    delay: undefined,
  };
  const { own = false, history = false } = differences;
  return { speech: { ...speech, ...differences.speech }, own, history };
}

const origin = { network: "TestNet", channel: "#lounge" };
const lounge = { origin, isOurs: nobodyElse };

describe("readRoomSpeech()", () => {
  test("passes on what is said, lines and all", () => {
    expect(readRoomSpeech(heard("one\ntwo"), lounge)).toEqual({
      message: { kind: "message", nick: "anna", body: "one\ntwo" },
    });
  });

  test("passes on an action", () => {
    const reading = readRoomSpeech(heard("waves", { speech: { action: true } }), lounge);
    expect(reading.message?.kind).toBe("action");
  });

  test.each([
    ["own-echo", heard("hello", { own: true })],
    ["own-echo", heard("hello", { own: true, history: true })],
    ["history", heard("hello", { history: true })],
    ["empty", heard(" \n \t ")],
    ["relayed", heard("hello", { speech: { id: `${relayMark(origin)}1` } })],
    ["relayed", heard("hello", { speech: { originId: `${relayMark(origin)}1` } })],
  ])("ignores as %s what is nothing new", (ignored, speech) => {
    expect(readRoomSpeech(speech, lounge)).toEqual({ ignored });
  });

  test.each([
    [{ network: "OtherNet", channel: "#lounge" }],
    [{ network: "TestNet", channel: "#other" }],
  ])("passes on what was relayed from %j", (other) => {
    const speech = { id: `${relayMark(other)}1` };
    expect(readRoomSpeech(heard("hello", { speech }), lounge).message).toBeDefined();
  });

  test("knows a mark from its channel while its own network is not known", () => {
    const away = { ...lounge, origin: { ...origin, network: undefined } };
    const speech = { id: `${relayMark(origin)}1` };
    expect(readRoomSpeech(heard("hello", { speech }), away)).toEqual({ ignored: "relayed" });
  });

  test("a live message with a forged stamp is passed on", () => {
    const delay = { stamp: 0, byRoom: true };
    expect(readRoomSpeech(heard("hello", { speech: { delay } }), lounge).message).toBeDefined();
  });

  test("what another relay brings back does not go round", () => {
    const reading = readRoomSpeech(heard("<saxjax> <anna> hello"), {
      ...lounge,
      isOurs: is("<saxjax> <anna> hello"),
    });
    expect(reading).toEqual({ ignored: "relayed" });
  });
});

/** Text of which little or nothing can cross. */
const thin = fc
  .array(
    fc.constantFrom(" ", "\t", "\n", "\r", "\0", "\x01", "\x02", "\u202C", "\u2069", "\uFFFE", "a"),
    { maxLength: 5 },
  )
  .map((parts) => parts.join(""));

test("what is passed on to IRC is a line at least, and what is not would be none", () => {
  fc.assert(
    fc.property(thin, (body) => {
      const { ignored } = readRoomSpeech(heard(body), lounge);
      const said = { kind: "message", nick: "anna", body } as const;
      expect(formatForIrc(said, 400).length > 0).toBe(ignored === undefined);
    }),
  );
});

test("what is passed on to a room is more than a name", () => {
  fc.assert(
    fc.property(thin, (text) => {
      const { message = { kind: "message", nick: "ivan", body: "a" } } = readIrcSpeech(
        line(text),
        plainly,
      );
      expect(formatForRoom(message)).toMatch(/^<ivan> ./u);
    }),
  );
});

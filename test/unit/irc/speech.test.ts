import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { initialIsupport } from "../../../shared/irc/wire/isupport.ts";
import { parseLine } from "../../../shared/irc/wire/line.ts";
import { readSpeech, type SpeechContext } from "../../../shared/irc/wire/speech.ts";

const context: SpeechContext = {
  channel: "#room[1]",
  isupport: { ...initialIsupport, statusmsg: "@+" },
  isMe: (nick) => nick.toLowerCase() === "relay",
  historyBatches: new Set(["old"]),
  joinedAt: Date.parse("2026-01-01T12:00:00.000Z"),
};

function read(text: string, changed: Partial<SpeechContext> = {}) {
  const line = parseLine(text);
  if (line === undefined) throw new Error(`"${text}" is no IRC line`);
  return readSpeech(line, { ...context, ...changed });
}

describe("readSpeech()", () => {
  test.each([
    [":anna!u@h PRIVMSG #room[1] :hello", "message", "hello"],
    [":anna!u@h PRIVMSG #ROOM{1} ::D", "message", ":D"],
    [":anna!u@h PRIVMSG #room[1] :\x01ACTION waves\x01", "action", "waves"],
    [":anna!u@h PRIVMSG #room[1] :\x01ACTION was cut", "action", "was cut"],
    [":anna!u@h NOTICE #room[1] :attention", "notice", "attention"],
    [":ChanServ!s@services. NOTICE #room[1] :welcome", "notice", "welcome"],
    ["@time=2026-01-01T12:00:01.000Z :anna!u@h PRIVMSG #room[1] :now", "message", "now"],
    ["@time=2026-01-01T11:59:56.000Z :anna!u@h PRIVMSG #room[1] :skew", "message", "skew"],
    ["@time=yesterday :anna!u@h PRIVMSG #room[1] :what time", "message", "what time"],
    ["@batch=new :anna!u@h PRIVMSG #room[1] :netsplit", "message", "netsplit"],
    [":anna PRIVMSG #room[1] :no host", "message", "no host"],
  ])("hears %j", (line, kind, text) => {
    expect(read(line).message).toMatchObject({ kind, text });
  });

  test.each([
    [":anna!u@h JOIN #room[1]", "not-speech"],
    ["@+typing=active :anna!u@h TAGMSG #room[1]", "not-speech"],
    [":anna!u@h PRIVMSG relay :hello", "elsewhere"],
    [":anna!u@h PRIVMSG #other :hello", "elsewhere"],
    [":anna!u@h PRIVMSG @#other :hello", "elsewhere"],
    [":anna!u@h PRIVMSG", "elsewhere"],
    [":anna!u@h PRIVMSG @#Room{1} :for the ops", "ops-only"],
    [":anna!u@h NOTICE +#room[1] :for the voiced", "ops-only"],
    [":anna!u@h NOTICE @+#room[1] :for both", "ops-only"],
    [":relay!u@h PRIVMSG #room[1] :hello", "own-echo"],
    [":RELAY!u@h NOTICE #room[1] :hello", "own-echo"],
    ["@draft/relaymsg=relay :anna/x!u@h PRIVMSG #room[1] :hello", "own-echo"],
    ["@label=a :relay_!u@h PRIVMSG #room[1] :said under the nick that we had", "own-echo"],
    ["@time=2026-01-01T11:59:54.000Z :anna!u@h PRIVMSG #room[1] :old", "history"],
    ["@batch=old :anna!u@h PRIVMSG #room[1] :old", "history"],
    [":anna!u@h PRIVMSG #room[1] :\x01VERSION\x01", "ctcp"],
    [":anna!u@h PRIVMSG #room[1] :\x01DCC SEND file 1 1\x01", "ctcp"],
    [":anna!u@h NOTICE #room[1] :\x01VERSION mIRC\x01", "ctcp"],
    [":anna!u@h NOTICE #room[1] :\x01ACTION answers\x01", "ctcp"],
    [":irc.test NOTICE #room[1] :*** rehashing", "server"],
    ["NOTICE #room[1] :*** from nobody", "server"],
    [":anna!u@h PRIVMSG #room[1] :", "empty"],
    [":anna!u@h PRIVMSG #room[1]", "empty"],
    [":anna!u@h PRIVMSG #room[1] :   ", "empty"],
    [":anna!u@h PRIVMSG #room[1] :\x01ACTION \x01", "empty"],
  ])("ignores %j as %s", (line, reason) => {
    expect(read(line)).toEqual({ ignored: reason });
  });

  test("knows STATUSMSG also where the server does not announce it", () => {
    const line = ":anna!u@h PRIVMSG @#room[1] :for the ops";
    expect(read(line, { isupport: initialIsupport })).toEqual({ ignored: "ops-only" });
  });

  test("takes a channel whose name begins like a rank for itself", () => {
    const isupport = { ...initialIsupport, chantypes: "#+", statusmsg: "@+" };
    const line = ":anna!u@h PRIVMSG +open :hello";
    expect(read(line, { channel: "+open", isupport }).message?.text).toBe("hello");
  });

  test("judges nothing by time that it does not know", () => {
    const line = "@time=2001-01-01T00:00:00.000Z :anna!u@h PRIVMSG #room[1] :hello";
    expect(read(line, { joinedAt: undefined }).message?.text).toBe("hello");
  });

  test("gives who said it, where and with which tags", () => {
    expect(read("@msgid=x1 :anna!u@h PRIVMSG #Room[1] :hello").message).toMatchObject({
      nick: "anna",
      source: "anna!u@h",
      target: "#Room[1]",
      tags: { msgid: "x1" },
    });
  });

  test("never throws, and never takes our own words for another's", () => {
    const word = fc.constantFrom("#room[1]", "@#room[1]", "relay", "anna!u@h", "\x01ACTION x", "");
    const line = fc.record({
      command: fc.constantFrom("PRIVMSG", "NOTICE", "JOIN"),
      source: fc.oneof(word, fc.string()),
      params: fc.array(fc.oneof(word, fc.string()), { maxLength: 3 }),
    });
    fc.assert(
      fc.property(line, (some) => {
        const { message } = readSpeech(some, context);
        expect(message !== undefined && context.isMe(message.nick)).toBe(false);
      }),
    );
  });
});

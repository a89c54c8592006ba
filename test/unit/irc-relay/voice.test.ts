import { describe, expect, test } from "vitest";
import { IrcVoice } from "../../../bridges/irc-relay/voice.ts";
import { IrcChannel } from "../../../shared/irc/channel.ts";
import { Counters } from "../../../shared/observe/counters.ts";
import { Health } from "../../../shared/observe/health.ts";
import { memoryJournal } from "../../../shared/outbox/memory-journal.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { FakeIrcSession, type FakeIrcSessionOptions } from "../../support/fake-irc-session.ts";
import { fakeNotes } from "../../support/fake-notes.ts";
import { silentLog } from "../../support/silent-log.ts";

const never = new AbortController().signal;

function lounge(clock: FakeClock): IrcChannel {
  return new IrcChannel({
    name: "#lounge",
    notes: memoryJournal(),
    log: silentLog,
    clock,
    counters: new Counters(),
    health: new Health(),
  });
}

/** A voice in a channel, and the lines that it said there. */
async function inChannel(options: FakeIrcSessionOptions = {}, notes = fakeNotes()) {
  const clock = new FakeClock();
  const session = new FakeIrcSession(options);
  const voice = new IrcVoice({ burst: 5, lineInterval: 2_000, clock, notes });
  const channel = lounge(clock);
  voice.use(session, never);
  void channel.run(session, never);
  await clock.advance(0);
  const said = () => session.sent.filter((line) => line.startsWith("PRIVMSG"));
  return { clock, session, voice, channel, said };
}

describe("IrcVoice", () => {
  test("is nobody while there is no session", async () => {
    const clock = new FakeClock();
    const voice = new IrcVoice({ burst: 5, lineInterval: 0, clock, notes: fakeNotes() });
    const channel = lounge(clock);
    expect([voice.nick, voice.network]).toEqual([undefined, undefined]);
    expect(voice.textBytes(channel)).toBeGreaterThan(400);
    expect(await voice.say(["hello"], channel)).toBe("unsent");
  });

  test("has the session's nick and network", async () => {
    const { voice } = await inChannel({ isupport: { network: "TestNet" } });
    expect([voice.nick, voice.network]).toEqual(["relay", "TestNet"]);
    expect((await inChannel()).voice.network).toBe("irc.test:6667");
  });

  test("knows its network from an earlier run", async () => {
    const notes = fakeNotes();
    await inChannel({ isupport: { network: "TestNet" } }, notes);
    const clock = new FakeClock();
    const next = new IrcVoice({ burst: 5, lineInterval: 0, clock, notes });
    expect(next.network).toBe("TestNet");
  });

  test("knows how much fits into a line behind its source", async () => {
    const { voice, channel, session } = await inChannel();
    const whole = `:${session.source} PRIVMSG #lounge :${"x".repeat(voice.textBytes(channel))}\r\n`;
    expect(whole).toHaveLength(512);
  });

  test("delivers a message when the server has read all of its lines", async () => {
    const { clock, voice, channel, said } = await inChannel();
    const fate = voice.say(["<anna> one", "<anna> two"], channel);
    await clock.advance(0);
    expect(said()).toEqual(["PRIVMSG #lounge :<anna> one", "PRIVMSG #lounge :<anna> two"]);
    expect(await fate).toBe("delivered");
  });

  test("a message is refused with one of its lines", async () => {
    const { clock, session, voice, channel } = await inChannel({ answers: false });
    session.hear(":relay!u@h JOIN #lounge");
    session.hear(":irc.test 366 relay #lounge :End");
    const fate = voice.say(["one", "two"], channel);
    await clock.advance(0);
    session.hear(":irc.test 404 relay #lounge :Cannot send to channel");
    const ping = session.sent.find((line) => line.startsWith("PING"));
    session.hear(`:irc.test PONG irc.test ${ping?.slice(5)}`);
    expect(await fate).toEqual({ refused: "404" });
  });

  test("delivers nothing where nothing is to be said", async () => {
    const { voice, channel } = await inChannel();
    expect(await voice.say([], channel)).toEqual({ refused: "412" });
  });

  test("a message is uncertain when the session ends before the proof", async () => {
    const { clock, session, voice, channel } = await inChannel({ answers: false });
    const fate = voice.say(["one"], channel);
    await clock.advance(0);
    session.end();
    expect(await fate).toBe("uncertain");
    expect(voice.nick).toBeUndefined();
  });

  test("a message of which a part was said is never said again", async () => {
    const { clock, session, voice, channel } = await inChannel();
    const fate = voice.say(Array(8).fill("line"), channel);
    await clock.advance(0);
    session.end();
    expect(await fate).toBe("uncertain");
    expect(await voice.say(["line"], channel)).toBe("unsent");
  });

  test("tells when the first line of a message is written, once", async () => {
    const { clock, session, voice, channel, said } = await inChannel();
    const before: number[] = [];
    void voice.say(Array(5).fill("line"), channel, () => before.push(0));
    void voice.say(["one", "two"], channel, () => before.push(said().length));
    await clock.advance(60_000);
    expect(before).toEqual([0, 5]);
    session.end();
    await clock.advance(0);
    expect(await voice.say(["late"], channel, () => before.push(9))).toBe("unsent");
    expect(before).toHaveLength(2);
  });

  test("speaks no faster than its pace", async () => {
    const { clock, voice, channel, said } = await inChannel();
    const lines = Array.from({ length: 10 }, (_, i) => `line ${i}`);
    void voice.say(lines, channel);
    await clock.advance(0);
    expect(said()).toHaveLength(5);
    await clock.advance(60_000);
    expect(said()).toHaveLength(10);
  });
});

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PacedSender } from "../../../shared/irc/pacing.ts";
import { confirmingCapabilities } from "../../../shared/irc/wire/registration.ts";
import type { Fate } from "../../../shared/outbox/drain.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { FakeIrcSession } from "../../support/fake-irc-session.ts";

interface Pace {
  readonly burst: number;
  readonly intervalMs: number;
  /** Whether the server answers each PING at once; otherwise a test does by `pong()`. */
  readonly answers?: boolean;
}

const unpaced: Pace = { burst: 1, intervalMs: 0, answers: false };
const efnet: Pace = { burst: 5, intervalMs: 2_000, answers: true };

function world({ burst, intervalMs, answers = false }: Pace) {
  const clock = new FakeClock();
  const session = new FakeIrcSession({ answers });
  const stop = new AbortController();
  const sender = new PacedSender({ session, clock, burst, intervalMs, signal: stop.signal });
  const fates: (Fate | "pending")[] = [];
  const say = async (text: string, target = "#channel") => {
    const place = fates.push("pending") - 1;
    fates[place] = await sender.say("PRIVMSG", target, text);
  };
  return { clock, session, stop, sender, fates, say };
}

const pings = (sent: readonly string[]) => sent.filter((line) => line.startsWith("PING "));
const lines = (sent: readonly string[]) => sent.filter((line) => line.startsWith("PRIVMSG "));

/** Answers the newest PING, as a server does that has read all before it. */
function pong(session: FakeIrcSession): void {
  const token = pings(session.sent).at(-1)?.slice("PING ".length);
  session.hear(`:irc.test PONG irc.test :${token}`);
}

describe("PacedSender without pacing", () => {
  test("writes five thousand lines of one turn in order, at once, with one fence behind them", async () => {
    const { clock, session, sender } = world(unpaced);
    const texts = Array.from({ length: 5_000 }, (_, i) => `line${i}`);
    const fates = texts.map((text) => sender.say("PRIVMSG", "#channel", text));
    expect(session.sent).toEqual(texts.map((text) => `PRIVMSG #channel ${text}`));
    await clock.advance(0);
    expect(session.sent).toHaveLength(5_001);
    expect(clock.slept).toEqual([30_000]);
    pong(session);
    expect(new Set(await Promise.all(fates))).toEqual(new Set(["delivered"]));
  });

  test("a line is not delivered before the PONG", async () => {
    const { clock, session, say, fates } = world(unpaced);
    void say("hello");
    await clock.advance(29_000);
    expect(fates).toEqual(["pending"]);
    pong(session);
    await clock.advance(0);
    expect(fates).toEqual(["delivered"]);
  });

  test("a PONG that is not the fence's proves nothing", async () => {
    const { clock, session, say, fates } = world(unpaced);
    void say("hello");
    await clock.advance(0);
    session.hear(":irc.test PONG irc.test :1");
    session.hear(":irc.test PONG");
    await clock.advance(0);
    expect(fates).toEqual(["pending"]);
  });

  test("a fence proves the lines before it, and the next one those behind", async () => {
    const { clock, session, say, fates } = world(unpaced);
    void say("first");
    await clock.advance(0);
    void say("second");
    await clock.advance(0);
    expect(pings(session.sent)).toHaveLength(1);
    pong(session);
    await clock.advance(0);
    expect(fates).toEqual(["delivered", "pending"]);
    expect(pings(session.sent)).toHaveLength(1);
    await clock.advance(10);
    expect(pings(session.sent)).toHaveLength(2);
    pong(session);
    await clock.advance(0);
    expect(fates).toEqual(["delivered", "delivered"]);
  });

  test("no fence goes out when nothing was said", async () => {
    const { clock, session, say } = world({ ...unpaced, answers: true });
    await say("hello");
    await clock.advance(60_000);
    expect(pings(session.sent)).toHaveLength(1);
  });

  test("an empty text is refused without a word to the server", async () => {
    const { session, say, fates } = world(unpaced);
    await say("");
    expect(fates).toEqual([{ refused: "412" }]);
    expect(session.sent).toEqual([]);
  });
});

describe("PacedSender and refusals", () => {
  test.each([
    [":irc.test 404 relay #CHANNEL :Cannot send to channel", "404"],
    [":irc.test 415 relay #channel :Cannot send: you must be registered", "415"],
    [":irc.test 403 relay #channel :No such channel", "403"],
    [":irc.test 412 relay :No text to send", "412"],
    [":irc.test FAIL PRIVMSG NEED_REGISTRATION #channel :Register first", "FAIL NEED_REGISTRATION"],
  ])("%s refuses the line", async (line, code) => {
    const { clock, session, say, fates } = world(unpaced);
    void say("hello");
    await clock.advance(0);
    session.hear(line);
    pong(session);
    await clock.advance(0);
    expect(fates).toEqual([{ refused: code }]);
  });

  test.each([
    ":irc.test 263 relay PRIVMSG :Try again",
    ":irc.test 439 relay #Channel :Target change too fast. Please wait 12 seconds.",
    ":irc.test FAIL PRIVMSG RATE_LIMITED :Slow down",
    ":irc.test FAIL PRIVMSG RATE_LIMITED #channel :Slow down",
  ])("%s asks to say the line later", async (line) => {
    const { clock, session, say, fates } = world(unpaced);
    void say("1");
    void say("2");
    await clock.advance(0);
    session.hear(line);
    pong(session);
    await clock.advance(0);
    expect(fates).toEqual(["delivered", "later"]);
  });

  test.each([
    ":irc.test 404 relay #other :Cannot send to channel",
    ":irc.test 437 relay #channel :Cannot change nick while banned",
    ":irc.test 474 relay #channel :Cannot join channel (+b)",
    ":irc.test 263 relay WHO :Try again",
    ":irc.test 439 * :Please wait while we process your connection.",
    ":irc.test FAIL JOIN RATE_LIMITED #channel :Slow down",
    ":irc.test FAIL JOIN NEED_REGISTRATION #channel :Register first",
    ":irc.test 404",
  ])("%s refuses no line of ours", async (line) => {
    const { clock, session, say, fates } = world(unpaced);
    void say("hello");
    await clock.advance(0);
    session.hear(line);
    pong(session);
    await clock.advance(0);
    expect(fates).toEqual(["delivered"]);
  });

  test("refusals are taken by the newest lines to their target", async () => {
    const { clock, session, say, fates } = world(unpaced);
    void say("1", "#a");
    void say("2", "#b");
    void say("3", "#a");
    void say("4", "#a");
    await clock.advance(0);
    session.hear(":irc.test 404 relay #b :No");
    session.hear(":irc.test 404 relay #a :No");
    session.hear(":irc.test 477 relay #a :No");
    pong(session);
    await clock.advance(0);
    const [first, ...refused] = fates;
    expect(first).toBe("delivered");
    expect(refused).toEqual([{ refused: "404" }, { refused: "404" }, { refused: "477" }]);
  });

  test("a refusal does not outlive the fence behind its line", async () => {
    const { clock, session, say, fates } = world(unpaced);
    void say("1");
    await clock.advance(0);
    session.hear(":irc.test 404 relay #channel :No");
    session.hear(":irc.test 404 relay #channel :No");
    pong(session);
    void say("2");
    await clock.advance(10);
    pong(session);
    await clock.advance(0);
    expect(fates).toEqual([{ refused: "404" }, "delivered"]);
  });

  test("a line refused because we were put out meanwhile may be said again", async () => {
    const { clock, session, sender } = world(unpaced);
    const stay = new AbortController();
    const said = ["heard", "not heard"].map((text) =>
      sender.say("PRIVMSG", "#channel", text, { over: stay.signal }),
    );
    await clock.advance(0);
    stay.abort();
    session.hear(":irc.test 404 relay #channel :Cannot send to channel");
    pong(session);
    expect(await Promise.all(said)).toEqual(["delivered", "unsent"]);
  });
});

describe("PacedSender under pacing", () => {
  test("lets a burst go at once, then one line or fence in each interval", async () => {
    const { clock, session, say } = world(efnet);
    for (let i = 0; i < 13; i += 1) void say(`line${i}`);
    const seconds: string[] = [];
    for (let second = 0; second < 26; second += 1) {
      await clock.advance(second === 0 ? 0 : 1_000);
      seconds.push(
        session
          .takeSent()
          .map((line) => line.charAt(1))
          .join(""),
      );
    }
    // "R" is a PRIVMSG, "I" a PING: the fence behind the burst is paid for by a longer pause.
    expect(seconds.join(" ").trimEnd()).toBe("RRRRRI    R  R  R  R  RI    R  R  RI");
  });

  test("no stretch of time holds more lines and fences than the server bears, and one", async () => {
    const says = fc.array(
      fc.tuple(fc.integer({ min: 0, max: 15_000 }), fc.integer({ min: 1, max: 8 })),
      {
        maxLength: 12,
      },
    );
    await fc.assert(
      fc.asyncProperty(says, fc.integer({ min: 1, max: 8 }), async (bursts, burst) => {
        const { clock, session, say } = world({ burst, intervalMs: 2_000, answers: true });
        const times: number[] = [];
        const note = () => times.push(...session.takeSent().map(() => clock.now()));
        for (const [pause, count] of bursts) {
          for (let i = 0; i < count; i += 1) void say("hello");
          for (let ms = 0; ms < pause; ms += 500) {
            await clock.advance(500);
            note();
          }
        }
        const most = times.map((from, i) => {
          const ahead = times.slice(i).map((at, j) => j + 1 - (at - from + 500) / 2_000);
          return Math.max(...ahead);
        });
        expect(Math.max(0, ...most)).toBeLessThanOrEqual(burst + 1);
      }),
      { numRuns: 40 },
    );
  });

  test("every line is written in order and once, and delivered in the end", async () => {
    const says = fc.array(fc.integer({ min: 0, max: 5_000 }), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(
        says,
        fc.constantFrom(efnet, { ...unpaced, answers: true }),
        async (pauses, pace) => {
          const { clock, session, say, fates } = world(pace);
          for (const [i, pause] of pauses.entries()) {
            void say(`line${i}`);
            await clock.advance(pause);
          }
          await clock.advance(10 * 60_000);
          expect(lines(session.sent)).toEqual(pauses.map((_, i) => `PRIVMSG #channel line${i}`));
          expect(fates).toEqual(pauses.map(() => "delivered"));
        },
      ),
      { numRuns: 40 },
    );
  });

  test.each([
    [500, 3_000],
    [10, 500],
  ])("in a backlog at %i ms a line at most one fence goes out in %i ms", async (intervalMs, ms) => {
    const { clock, session, say } = world({ burst: 5, intervalMs, answers: true });
    for (let i = 0; i < 1_000; i += 1) void say(`line${i}`);
    await clock.advance(10 * ms);
    expect(pings(session.sent).length).toBeLessThanOrEqual(1 + 10);
    expect(pings(session.sent).length).toBeGreaterThan(5);
  });

  test("the last line of a backlog has its fence at once", async () => {
    const { clock, session, say, fates } = world(efnet);
    for (let i = 0; i < 6; i += 1) void say(`line${i}`);
    await clock.advance(4_000);
    expect(session.sent.at(-1)).toMatch(/^PING /);
    expect(fates).toEqual(Array.from({ length: 6 }, () => "delivered"));
  });

  test("one alarm serves the whole queue", async () => {
    const { clock, say } = world(efnet);
    for (let i = 0; i < 500; i += 1) void say(`line${i}`);
    await clock.advance(0);
    // Beside it the one that waits for a PONG.
    expect(clock.sleeping).toBe(2);
  });
});

describe("PacedSender and the end", () => {
  test("what was written is uncertain, what was not is unsent", async () => {
    const { clock, session, say, sender, fates } = world({ ...efnet, answers: false });
    for (let i = 0; i < 8; i += 1) void say(`line${i}`);
    await clock.advance(0);
    session.end();
    await clock.advance(0);
    expect(fates).toEqual([...Array(5).fill("uncertain"), ...Array(3).fill("unsent")]);
    expect(clock.sleeping).toBe(0);
    expect(await sender.say("PRIVMSG", "#channel", "late")).toBe("unsent");
  });

  test("a stop leaves the queue unsent, and what was written still learns its fate", async () => {
    const { clock, session, stop, say, sender, fates } = world({ ...efnet, answers: false });
    for (let i = 0; i < 8; i += 1) void say(`line${i}`);
    await clock.advance(0);
    stop.abort();
    await clock.advance(0);
    pong(session);
    await clock.advance(60_000);
    expect(fates).toEqual([...Array(5).fill("delivered"), ...Array(3).fill("unsent")]);
    expect(await sender.say("PRIVMSG", "#channel", "late")).toBe("unsent");
  });

  test("the end of one channel's stay leaves its lines unsent, and no other's", async () => {
    const { clock, session, sender } = world({ burst: 1, intervalMs: 2_000, answers: true });
    const stay = new AbortController();
    const said = ["#a", "#a", "#b", "#a"].map((target) =>
      sender.say("PRIVMSG", target, "hello", target === "#a" ? { over: stay.signal } : {}),
    );
    stay.abort();
    await clock.advance(10_000);
    expect(await Promise.all(said)).toEqual(["delivered", "unsent", "delivered", "unsent"]);
    expect(lines(session.sent)).toEqual(["PRIVMSG #a hello", "PRIVMSG #b hello"]);
    expect(await sender.say("PRIVMSG", "#a", "late", { over: stay.signal })).toBe("unsent");
  });

  test("a fence without an answer ends the session after half a minute, and the lines are uncertain", async () => {
    const { clock, session, say, fates } = world(unpaced);
    void say("hello");
    await clock.advance(29_999);
    session.hear(":irc.test NOTICE relay :still talking");
    expect(fates).toEqual(["pending"]);
    await clock.advance(1);
    expect(fates).toEqual(["uncertain"]);
    expect(await session.ended).toBe("no PONG within 30000 ms");
    expect(clock.sleeping).toBe(0);
  });

  test("each fence has its own half minute, and one alarm is enough for all", async () => {
    const { clock, session, say, fates } = world(unpaced);
    for (let second = 0; second < 300; second += 1) {
      void say("hello");
      await clock.advance(500);
      pong(session);
      await clock.advance(500);
    }
    expect(new Set(fates)).toEqual(new Set(["delivered"]));
    expect(clock.slept.length).toBeLessThanOrEqual(11);
    void say("last");
    await clock.advance(29_999);
    expect(fates.at(-1)).toBe("pending");
    await clock.advance(1);
    expect(fates.at(-1)).toBe("uncertain");
  });

  test("tokens cannot be guessed from one session to the next", async () => {
    const tokens = await Promise.all(
      [0.123456789, 0.987654321].map(async (chance) => {
        const clock = new FakeClock({ random: () => chance });
        const session = new FakeIrcSession({ answers: false });
        const signal = new AbortController().signal;
        const sender = new PacedSender({ session, clock, burst: 1, intervalMs: 0, signal });
        void sender.say("PRIVMSG", "#channel", "hello");
        await clock.advance(0);
        return pings(session.sent).join();
      }),
    );
    expect(new Set(tokens).size).toBe(2);
    expect(tokens.every((token) => token.length > 15)).toBe(true);
  });
});

describe("PacedSender that waits for proof", () => {
  test("tells of each line that it is written right before it is", async () => {
    const { clock, session, sender } = world({ burst: 1, intervalMs: 2_000, answers: true });
    const before: number[] = [];
    const written = () => before.push(lines(session.sent).length);
    const said = ["a", "b"].map((text) => sender.say("PRIVMSG", "#channel", text, { written }));
    expect(before).toEqual([0]);
    await clock.advance(10_000);
    await Promise.all(said);
    expect(before).toEqual([0, 1]);
  });

  test("tells of no line that it was written when it was not", async () => {
    const { session, stop, sender } = world({ burst: 1, intervalMs: 2_000 });
    let written = 0;
    const said = ["a", "b"].map((text) =>
      sender.say("PRIVMSG", "#channel", text, { written: () => (written += 1) }),
    );
    stop.abort();
    session.end();
    expect(await Promise.all(said)).toEqual(["uncertain", "unsent"]);
    expect(written).toBe(1);
  });

  test("writes nothing while a fence is unanswered for more than a moment, and goes on at its PONG", async () => {
    const { clock, session, say, fates } = world(unpaced);
    void say("first");
    await clock.advance(250);
    void say("within the moment");
    await clock.advance(1);
    void say("held");
    void say("held, too");
    await clock.advance(10_000);
    expect(lines(session.sent)).toHaveLength(2);
    pong(session);
    expect(lines(session.sent)).toHaveLength(4);
    await clock.advance(10);
    pong(session);
    await clock.advance(0);
    expect(fates).toEqual(Array.from({ length: 4 }, () => "delivered"));
  });

  test("a stop settles what is held", async () => {
    const { clock, stop, say, fates } = world(unpaced);
    void say("first");
    await clock.advance(2_000);
    void say("held");
    stop.abort();
    await clock.advance(0);
    expect(fates).toEqual(["pending", "unsent"]);
  });

  test.each([
    ["fences", 5, 2_000, []],
    ["fences, without pacing", 1, 0, []],
    ["labels", 5, 2_000, confirmingCapabilities],
    ["labels, without pacing", 1, 0, confirmingCapabilities],
  ])("a black hole makes few lines uncertain: %s", async (_, burst, intervalMs, capabilities) => {
    const clock = new FakeClock();
    let isHole = false;
    const session = new FakeIrcSession({ capabilities, answers: () => !isHole });
    const signal = new AbortController().signal;
    const sender = new PacedSender({ session, clock, burst, intervalMs, signal });
    const fates: (readonly [Fate, string])[] = [];
    const speak = async (text: string) => {
      fates.push([await sender.say("PRIVMSG", "#channel", text), text]);
    };
    for (let i = 0; i < 5 * 60; i += 1) {
      if (i === 5 * 35) isHole = true;
      void speak(String(i).padStart(3, "0"));
      await clock.advance(200);
    }
    session.end("ping timeout");
    await clock.advance(0);
    const textsOf = (wanted: Fate) =>
      fates.flatMap(([fate, text]) => (fate === wanted ? [text] : []));
    const uncertain = textsOf("uncertain");
    expect(uncertain.length).toBeGreaterThan(0);
    expect(uncertain.length).toBeLessThanOrEqual(6);
    // In order, and none is missing.
    expect([...textsOf("delivered"), ...uncertain, ...textsOf("unsent")]).toEqual(
      Array.from({ length: 5 * 60 }, (__, i) => String(i).padStart(3, "0")),
    );
  });
});

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Gap } from "../../../shared/gap.ts";
import { IrcChannel } from "../../../shared/irc/channel.ts";
import { Counters } from "../../../shared/observe/counters.ts";
import { Health } from "../../../shared/observe/health.ts";
import type { Notes } from "../../../shared/outbox/journal.ts";
import { memoryJournal } from "../../../shared/outbox/memory-journal.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { FakeIrcSession } from "../../support/fake-irc-session.ts";
import { silentLog } from "../../support/silent-log.ts";

interface WorldOptions {
  readonly notes?: Notes;
  readonly clock?: FakeClock;
  readonly answers?: boolean;
  readonly others?: readonly string[];
}

function world({
  answers = false,
  others = [],
  notes = memoryJournal(),
  clock = new FakeClock({ random: () => 0 }),
}: WorldOptions = {}) {
  const counters = new Counters();
  const health = new Health();
  const stop = new AbortController();
  const events: string[] = [];
  const note = (event: string) => void events.push(event);
  const log = { ...silentLog, info: note, warn: note, error: note, child: () => log };
  const channel = new IrcChannel({ name: "#room", others, notes, log, clock, counters, health });
  const heard: string[] = [];
  channel.onSpeech(({ nick, text }) => heard.push(`${nick}: ${text}`));
  const gaps: Gap[] = [];
  channel.onReturn((gap) => gaps.push(gap));
  const connect = () => {
    const session = new FakeIrcSession({ answers });
    return { session, over: channel.run(session, stop.signal) };
  };
  return { clock, counters, health, stop, channel, heard, gaps, events, connect };
}

/** Lets us in: the echo of our JOIN, and who is there. */
function letIn(session: FakeIrcSession): void {
  session.hear(":relay!relay@host.test JOIN #room");
  session.hear(":irc.test 353 relay = #room :@anna relay");
  session.hear(":irc.test 366 relay #room :End of /NAMES list");
}

describe("IrcChannel joining", () => {
  test("is inside with the echo of its JOIN", async () => {
    const { channel, connect } = world();
    const { session } = connect();
    expect(session.takeSent()).toEqual(["JOIN #room"]);
    session.hear(":other!u@h JOIN #room");
    expect(channel.inside).toBe(false);
    letIn(session);
    expect(channel.inside).toBe(true);
  });

  test("is a link that is up while it is inside, and says what keeps it out", async () => {
    const { health, connect } = world();
    const link = () => health.links().get("channel #room");
    expect(link()).toEqual({ at: "down", detail: "not joined" });
    const { session } = connect();
    session.hear(":irc.test 474 relay #room :Cannot join channel (+b)");
    expect(link()).toEqual({ at: "down", detail: "ERR_BANNEDFROMCHAN" });
    letIn(session);
    expect(link()).toEqual({ at: "up", detail: "joined" });
    session.hear(":op!u@h KICK #room relay :out");
    expect(link()).toMatchObject({ at: "down" });
  });

  test("asks again until it is in, and never after", async () => {
    const { clock, connect } = world();
    const { session } = connect();
    await clock.advance(30_000);
    expect(session.takeSent()).toEqual(["JOIN #room", "JOIN #room", "JOIN #room"]);
    letIn(session);
    await clock.advance(3_600_000);
    expect(session.takeSent()).toEqual([]);
  });

  test("comes back after a kick and after a forced PART", async () => {
    const { clock, channel, events, connect } = world({ answers: true });
    const { session } = connect();
    await clock.advance(0);
    session.hear(":op!u@h KICK #room relay :out");
    expect(channel.inside).toBe(false);
    await clock.advance(3_000);
    expect(channel.inside).toBe(true);
    session.hear(":relay!relay@host.test PART #room :removed by op");
    await clock.advance(6_000);
    expect(channel.inside).toBe(true);
    expect(events.filter((event) => event === "channel left against our will")).toHaveLength(2);
  });

  test("leaves a channel that it was forwarded to, and hears nothing from there", async () => {
    const { heard, connect } = world();
    const { session } = connect();
    session.hear(":irc.test 470 relay #room ##overflow :Forwarding to another channel");
    session.hear(":relay!relay@host.test JOIN ##overflow");
    session.hear(":anna!u@h PRIVMSG ##overflow :hello");
    expect(session.sent).toContain("PART ##overflow");
    expect(heard).toEqual([]);
  });

  test("leaves the other channels of its session alone", () => {
    const { connect } = world({ others: ["#second"] });
    const { session } = connect();
    session.hear(":relay!relay@host.test JOIN #Second");
    session.hear(":relay!relay@host.test JOIN #stray");
    expect(session.sent).toEqual(["JOIN #room", "PART #stray"]);
  });

  test("is outside when the session ends, and joins in the next one", async () => {
    const { clock, channel, connect } = world({ answers: true });
    const { session, over } = connect();
    await clock.advance(0);
    session.end();
    await over;
    expect(channel.inside).toBe(false);
    connect();
    await clock.advance(0);
    expect(channel.inside).toBe(true);
    // The one who looks whether we stand still.
    expect(clock.sleeping).toBe(1);
  });

  test("stops without a word, and with no timer left", async () => {
    const { clock, stop, connect } = world();
    const { session, over } = connect();
    stop.abort();
    await over;
    await clock.advance(60_000);
    expect(session.sent).toEqual(["JOIN #room"]);
    expect(clock.sleeping).toBe(0);
  });
});

describe("IrcChannel.waitInside()", () => {
  test("gives a stay whose end is the kick", async () => {
    const { clock, channel, connect } = world();
    const waiting = channel.waitInside(new AbortController().signal);
    const { session } = connect();
    letIn(session);
    const stay = await waiting;
    expect(stay?.over.aborted).toBe(false);
    expect(await channel.waitInside(new AbortController().signal)).toEqual(stay);
    session.hear(":op!u@h KICK #room relay :out");
    expect(stay?.over.aborted).toBe(true);
    expect(channel.stay).toBeUndefined();
    await clock.advance(0);
  });

  test("gives up with its signal", async () => {
    const { channel } = world();
    const stop = new AbortController();
    const waiting = channel.waitInside(stop.signal);
    stop.abort();
    expect(await waiting).toBeUndefined();
    expect(await channel.waitInside(stop.signal)).toBeUndefined();
  });
});

describe("IrcChannel listening", () => {
  test("hears what others say, and counts what it ignores by its reason", () => {
    const { counters, heard, connect } = world();
    const { session } = connect();
    session.hear(":anna!u@h PRIVMSG #room :too early");
    letIn(session);
    session.hear(":anna!u@h PRIVMSG #ROOM :hello");
    session.hear(":relay!u@h PRIVMSG #room :echo");
    session.hear(":anna!u@h PRIVMSG @#room :ops");
    session.hear(":anna!u@h PRIVMSG #other :elsewhere");
    expect(heard).toEqual(["anna: hello"]);
    expect(counters.all()).toEqual([
      { name: "irc_speech_ignored", labels: { reason: "own-echo" }, value: 1 },
      { name: "irc_speech_ignored", labels: { reason: "ops-only" }, value: 1 },
    ]);
  });

  test("takes what a history batch holds for history, and what comes after it for live", () => {
    const { heard, connect } = world();
    const { session } = connect();
    letIn(session);
    session.hear(":irc.test BATCH +1 chathistory #room");
    session.hear("@batch=1 :anna!u@h PRIVMSG #room :old");
    session.hear("@batch=1 :irc.test BATCH +2 netjoin");
    session.hear("@batch=2 :anna!u@h PRIVMSG #room :old too");
    session.hear(":irc.test BATCH -2");
    session.hear(":irc.test BATCH -1");
    session.hear(":irc.test BATCH +3 netjoin");
    session.hear("@batch=3 :anna!u@h PRIVMSG #room :live");
    session.hear("@batch=1 :anna!u@h PRIVMSG #room :live too");
    expect(heard).toEqual(["anna: live", "anna: live too"]);
  });

  test("judges what is old by the server's clock, however wrong it is", () => {
    const { heard, connect } = world();
    const { session } = connect();
    session.hear("@time=2001-01-01T00:00:00.000Z :relay!relay@host.test JOIN #room");
    session.hear("@time=2000-12-31T23:00:00.000Z :anna!u@h PRIVMSG #room :old");
    session.hear("@time=2001-01-01T00:00:01.000Z :anna!u@h PRIVMSG #room :live");
    expect(heard).toEqual(["anna: live"]);
  });

  test("without the server's time of our JOIN nothing is judged by time", async () => {
    const { clock, heard, connect } = world();
    const { session } = connect();
    session.hear("@time=2030-01-01T00:00:00.000Z :relay!relay@host.test JOIN #room");
    session.hear(":op!u@h KICK #room relay :out");
    await clock.advance(3_000);
    letIn(session);
    session.hear("@time=2001-01-01T00:00:00.000Z :anna!u@h PRIVMSG #room :live");
    expect(heard).toEqual(["anna: live"]);
  });

  test("a listener that throws stops neither the next one nor the channel", () => {
    const { channel, counters, connect } = world();
    const texts: string[] = [];
    channel.onSpeech(() => {
      throw new Error("bug");
    });
    const stopListening = channel.onSpeech(({ text }) => texts.push(text));
    const { session } = connect();
    letIn(session);
    session.hear(":anna!u@h PRIVMSG #room :one");
    session.hear(":anna!u@h PRIVMSG #room :two");
    stopListening();
    session.hear(":anna!u@h PRIVMSG #room :three");
    expect(texts).toEqual(["one", "two"]);
    expect(counters.value("handler_failures", { where: "speech" })).toBe(3);
  });
});

test("IrcChannel survives any line", () => {
  const word = fc.constantFrom("#room", "relay", "relay!u@h", "anna", "", ":", "@", "+1", "-1");
  const command = fc.constantFrom(
    ..."JOIN PART KICK QUIT NICK 353 366 470 474 442 900 PRIVMSG NOTICE BATCH INVITE".split(" "),
  );
  const line = fc.tuple(word, command, fc.array(word, { maxLength: 4 }));
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      const { channel, counters, connect } = world();
      const { session } = connect();
      letIn(session);
      for (const [source, name, params] of lines) {
        session.hear(`:${source || "x"} ${name} ${params.filter((p) => p !== "").join(" ")}`);
      }
      expect(channel.stay === undefined).toBe(!channel.inside);
      expect(counters.value("handler_failures", { where: "speech" })).toBe(0);
    }),
  );
});

describe("IrcChannel and what it could not hear", () => {
  const begun = Date.UTC(2026, 0, 1);
  const second = 1_000;
  const NO_GAP = { since: 0, until: 0 };

  test("tells of no gap when it has never been there before", () => {
    const { connect, gaps } = world();
    letIn(connect().session);
    expect(gaps).toEqual([]);
  });

  test("after a break the gap begins with the last line that came in, whatever it was", async () => {
    const { clock, connect, gaps } = world();
    const { session, over } = connect();
    letIn(session);
    await clock.advance(10 * second);
    session.hear(":irc.test PONG irc.test :saxbridge");
    await clock.advance(20 * second);
    session.end("ping timeout");
    await over;
    await clock.advance(5 * second);
    const next = connect().session;
    next.hear(":irc.test NOTICE relay :not the channel's");
    expect(gaps).toEqual([]);
    letIn(next);
    expect(gaps).toEqual([
      {
        since: begun + 10 * second,
        until: begun + 35 * second,
        missed: 0,
        leftOut: 0,
        isComplete: false,
      },
    ]);
  });

  test("after a kick the gap begins with it", async () => {
    const { clock, connect, gaps } = world({ answers: true });
    const { session } = connect();
    await clock.advance(10 * second);
    session.hear(":op!u@h KICK #room relay :out");
    session.hear(":irc.test NOTICE relay :hello");
    await clock.advance(3 * second);
    expect(gaps).toMatchObject([{ since: begun + 10 * second, until: begun + 13 * second }]);
  });

  test("tells of the gap before the stay begins, and to whoever still listens", async () => {
    const { clock, channel, connect, stop } = world({ answers: true });
    const { session } = connect();
    await clock.advance(0);
    session.hear(":op!u@h KICK #room relay :out");
    const told: string[] = [];
    channel.onReturn(() => {
      throw new Error("a bug");
    });
    channel.onReturn(() => told.push(channel.stay === undefined ? "gap" : "late"));
    channel.onReturn(() => told.push("never"))();
    void channel.waitInside(stop.signal).then(() => told.push("stay"));
    await clock.advance(3 * second);
    expect(told).toEqual(["gap", "stay"]);
  });

  test("an earlier run's gap begins within a second before what it heard last", async () => {
    const notes = memoryJournal();
    const first = world({ notes });
    const { session } = first.connect();
    letIn(session);
    for (let i = 0; i < 20; i += 1) {
      await first.clock.advance(300);
      session.hear(":anna!u@h PRIVMSG #room :hello");
    }
    const clock = new FakeClock({ random: () => 0 });
    clock.jump(60 * second);
    const { connect, gaps } = world({ notes, clock });
    letIn(connect().session);
    const [{ since, until } = NO_GAP] = gaps;
    expect(since).toBeLessThanOrEqual(begun + 6 * second);
    expect(since).toBeGreaterThan(begun + 5 * second);
    expect(until).toBe(begun + 60 * second);
  });

  test("writes down no more than once in a second that it hears", async () => {
    let writes = 0;
    const notes = { note: () => undefined, setNote: () => (writes += 1) };
    const { clock, connect } = world({ notes });
    const { session } = connect();
    letIn(session);
    for (let i = 0; i < 100; i += 1) {
      await clock.advance(100);
      session.hear(":anna!u@h PRIVMSG #room :hello");
    }
    expect(writes).toBeLessThanOrEqual(11);
    expect(writes).toBeGreaterThan(8);
  });

  test.each([3_600 * second, -3_600 * second])(
    "a clock that is set by %i ms makes no gap shorter",
    async (jump) => {
      const { clock, connect, gaps } = world();
      const { session, over } = connect();
      letIn(session);
      await clock.advance(10 * second);
      session.end();
      await over;
      clock.jump(jump);
      await clock.advance(5 * second);
      letIn(connect().session);
      const [{ since, until } = NO_GAP] = gaps;
      expect(until).toBe(clock.wallNow());
      expect(until - since).toBeGreaterThanOrEqual(15 * second);
    },
  );

  test("after a standstill that ended the session the gap begins with the standstill", async () => {
    const { clock, connect, gaps } = world();
    const { session, over } = connect();
    letIn(session);
    await clock.advance(10 * second);
    clock.freeze(60 * second);
    // What waited for us, up to the moment when the server gave us up.
    session.hear(":anna!u@h PRIVMSG #room :said in the first half");
    session.hear("ERROR :Closing link: (relay@host) [Ping timeout]");
    session.end();
    await over;
    await clock.advance(5 * second);
    letIn(connect().session);
    const [{ since, until } = NO_GAP] = gaps;
    expect(since).toBeLessThanOrEqual(begun + 10 * second);
    expect(since).toBeGreaterThanOrEqual(begun + 9 * second);
    expect(until).toBe(begun + 75 * second);
  });

  test("a standstill that the session survives is forgotten", async () => {
    const { clock, channel, connect, gaps } = world();
    const { session, over } = connect();
    letIn(session);
    await clock.advance(10 * second);
    clock.freeze(60 * second);
    await clock.advance(5 * second);
    session.hear(":anna!u@h PRIVMSG #room :hello");
    expect(channel.provedAt).toBe(75 * second);
    session.end();
    await over;
    await clock.advance(0);
    letIn(connect().session);
    expect(gaps).toMatchObject([{ since: begun + 75 * second, until: begun + 75 * second }]);
  });

  test("is proved by any line while it is inside", async () => {
    const { clock, channel, connect } = world();
    const { session } = connect();
    await clock.advance(second);
    session.hear(":irc.test NOTICE relay :hello");
    expect(channel.provedAt).toBeUndefined();
    letIn(session);
    await clock.advance(second);
    session.hear(":irc.test PONG irc.test :saxbridge");
    expect(channel.provedAt).toBe(2 * second);
  });
});

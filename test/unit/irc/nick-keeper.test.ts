import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { keepNick } from "../../../shared/irc/nick-keeper.ts";
import {
  beginNickKeeping,
  type NickEvent,
  type NickStep,
  step,
} from "../../../shared/irc/wire/nick-keeping.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { FakeIrcSession, type FakeIrcSessionOptions } from "../../support/fake-irc-session.ts";
import { silentLog } from "../../support/silent-log.ts";

const minute = 60_000;

function world({ wanted = "relay", ...options }: FakeIrcSessionOptions & { wanted?: string } = {}) {
  const clock = new FakeClock();
  const session = new FakeIrcSession({ nick: "relay_", answers: false, ...options });
  const stop = new AbortController();
  const events: string[] = [];
  const note = (event: string) => void events.push(event);
  const log = { ...silentLog, info: note, warn: note, error: note, child: () => log };
  const over = keepNick({ session, wanted, clock, log, signal: stop.signal });
  return { clock, session, stop, events, over };
}

describe("keepNick()", () => {
  test("says nothing while the nick is ours", async () => {
    const { clock, session } = world({ nick: "Relay" });
    session.hear(":anna!u@h QUIT :bye");
    await clock.advance(60 * minute);
    expect(session.sent).toEqual([]);
  });

  test.each([
    ["leaves", ":RELAY!u@h QUIT :a.net b.net"],
    ["takes another nick", ":relay!u@h NICK :anna"],
    ["is not there, by ISON", ":irc.test 303 relay_ :"],
    ["is offline, by MONITOR", ":irc.test 731 relay_ :anna,Relay"],
  ])("takes the nick back when its holder %s", async (_, line) => {
    const { clock, session, events } = world();
    await clock.advance(11_000);
    session.takeSent();
    session.hear(line);
    expect(session.takeSent()).toEqual(["NICK relay"]);
    session.hear(":relay_!u@h NICK :relay");
    await clock.advance(60 * minute);
    expect(session.sent).toEqual([]);
    expect(events).toEqual(["nick taken", "nick regained"]);
  });

  test.each([
    ":irc.test 303 relay_ :Relay",
    ":irc.test 731 relay_ :anna",
    ":irc.test 730 relay_ :relay!u@h",
    ":anna!u@h QUIT :bye",
    ":anna!u@h NICK :relay",
    ":irc.test 433 relay_ anna :Nickname is already in use",
    ":irc.test 437 relay_ #channel :Channel is unavailable",
    "NICK",
    "QUIT",
  ])("does not take %s for an occasion", async (line) => {
    const { session } = world();
    session.takeSent();
    session.hear(line);
    expect(session.sent).toEqual([]);
  });

  test("asks once a minute, and less often while the nick is locked", async () => {
    const { clock, session } = world();
    const asked: number[] = [];
    for (let at = 0; at <= 40; at += 1) {
      for (const line of session.takeSent()) {
        if (line.startsWith("ISON")) {
          asked.push(at);
          session.hear(":irc.test 303 relay_ :");
        }
        if (line.startsWith("ISON") && session.sent.includes("NICK relay")) {
          session.hear(":irc.test 437 relay_ relay :Nick/channel is temporarily unavailable");
        }
      }
      await clock.advance(minute);
    }
    expect(asked).toEqual([0, 2, 6, 14, 24, 34]);
  });

  test("has the server tell, where it can, until the nick is back", async () => {
    const { session } = world({ isupport: { monitor: true } });
    expect(session.takeSent()).toEqual(["MONITOR + relay", "ISON relay"]);
    session.hear(":relay_!u@h NICK :relay");
    expect(session.takeSent()).toEqual(["MONITOR - relay"]);
  });

  test("wants no more of the nick than the server allows", async () => {
    const { session } = world({ nick: "rel_", isupport: { nicklen: 3 } });
    expect(session.takeSent()).toEqual(["ISON rel"]);
    session.hear(":irc.test 303 rel_ :");
    expect(session.takeSent()).toEqual(["NICK rel"]);
  });

  test("wants the whole nick where the server does not say how long one may be", () => {
    const { session } = world({ nick: "saxbridge_", wanted: "saxbridge-relay" });
    expect(session.takeSent()).toEqual(["ISON saxbridge-relay"]);
  });

  test("is content with the nick that such a server has cut", async () => {
    const { clock, session, events } = world({ nick: "saxbridge", wanted: "saxbridge-relay" });
    await clock.advance(60 * minute);
    expect(session.sent).toEqual([]);
    expect(events).toEqual([]);
  });

  test("stops when the server takes it for no nick at all", async () => {
    const { clock, session, events } = world();
    session.hear(":irc.test 303 relay_ :");
    session.hear(":irc.test 432 relay_ relay :Erroneous nickname");
    session.takeSent();
    session.hear(":relay!u@h QUIT :bye");
    await clock.advance(60 * minute);
    expect(session.sent).toEqual([]);
    expect(events).toEqual(["nick taken", "nick not valid"]);
  });

  test("regains a nick that services took, each time after a longer pause", async () => {
    const { clock, session } = world({ nick: "relay" });
    const pauses: number[] = [];
    for (let i = 0; i < 8; i += 1) {
      session.hear(`:${session.nick}!u@h NICK :Guest${i}`);
      const lostAt = clock.now();
      while (!session.sent.includes("NICK relay") && clock.now() < lostAt + 60 * minute) {
        await clock.advance(1_000);
        if (session.takeSent().includes("ISON relay")) session.hear(":irc.test 303 me :");
      }
      pauses.push((clock.now() - lostAt) / 1_000);
      session.takeSent();
      session.hear(`:${session.nick}!u@h NICK :relay`);
    }
    expect(pauses).toEqual([10, 20, 40, 80, 160, 320, 600, 600]);
  });

  test("ends with its session or its signal, and leaves no timer behind", async () => {
    const ended = world();
    ended.session.end();
    await ended.over;
    const stopped = world();
    stopped.stop.abort();
    await stopped.over;
    expect([ended.clock.sleeping, stopped.clock.sleeping]).toEqual([0, 0]);
  });
});

describe("step()", () => {
  const event: fc.Arbitrary<NickEvent> = fc.oneof(
    fc.boolean().map((isWanted): NickEvent => ({ type: "nick", isWanted })),
    fc.constant<NickEvent>({ type: "free" }),
    fc
      .constantFrom("432", "433", "437", "438")
      .map((numeric): NickEvent => ({ type: "refused", numeric })),
  );
  const life = fc.array(fc.tuple(fc.integer({ min: 1, max: 60 * minute }), event), {
    maxLength: 60,
  });

  /** Runs the machine with each wake when it is due. */
  function live(events: readonly (readonly [number, NickEvent])[], isWanted: boolean) {
    const strokes: { at: number; result: NickStep; pending: boolean }[] = [];
    const queue = events.toSorted(([a], [b]) => a - b);
    let wake = Number.POSITIVE_INFINITY;
    const note = (at: number, result: NickStep) => {
      const [state, ...effects] = result;
      if (state.at !== "lost") wake = Number.POSITIVE_INFINITY;
      for (const effect of effects) if (effect.do === "wake") wake = at + effect.ms;
      strokes.push({ at, result, pending: wake !== Number.POSITIVE_INFINITY });
      return state;
    };
    let state = note(0, beginNickKeeping(isWanted, 0));
    for (let at = 0; at <= 90 * minute; ) {
      const [next, planned] = queue[0] ?? [Number.POSITIVE_INFINITY, undefined];
      at = Math.min(next, wake, 91 * minute);
      if (at > 90 * minute) break;
      if (planned !== undefined && next <= wake) {
        queue.shift();
        state = note(at, step(state, planned, at));
      } else {
        wake = Number.POSITIVE_INFINITY;
        state = note(at, step(state, { type: "due" }, at));
      }
    }
    return strokes;
  }

  test("two tries are never less than ten seconds apart", () => {
    fc.assert(
      fc.property(life, fc.boolean(), (events, isWanted) => {
        const tries = live(events, isWanted).filter(({ result: [, ...effects] }) =>
          effects.some((effect) => effect.do === "try"),
        );
        const gaps = tries.slice(1).map(({ at }, i) => at - (tries[i]?.at ?? 0));
        expect(Math.min(Number.POSITIVE_INFINITY, ...gaps)).toBeGreaterThanOrEqual(10_000);
      }),
    );
  });

  test("while the nick is lost a wake is always pending", () => {
    fc.assert(
      fc.property(life, fc.boolean(), (events, isWanted) => {
        for (const { result, pending } of live(events, isWanted)) {
          expect(pending).toBe(result[0].at === "lost");
        }
      }),
    );
  });
});

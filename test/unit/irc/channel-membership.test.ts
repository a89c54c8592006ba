import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Membership,
  type MembershipEffect,
  type MembershipEvent,
  OUTSIDE,
  step,
} from "../../../shared/irc/wire/channel-membership.ts";
import { joinRefusal } from "../../../shared/irc/wire/join-refusal.ts";
import { parseLine } from "../../../shared/irc/wire/line.ts";
import {
  type ChannelView,
  readMembershipEvent,
} from "../../../shared/irc/wire/membership-events.ts";

const minute = 60_000;
const hour = 60 * minute;

interface Stroke {
  readonly at: number;
  readonly event: MembershipEvent;
  readonly state: Membership;
  readonly effects: readonly MembershipEffect[];
}

type Timed = readonly [at: number, event: MembershipEvent];

/**
 * Runs the machine on a time line of its own: the given events at their times, each wake when it is due,
 * and `answer`, when there is one, to every JOIN.
 */
function live(events: readonly Timed[], until: number, answer?: MembershipEvent): Stroke[] {
  const strokes: Stroke[] = [];
  const queue = events.toSorted(([a], [b]) => a - b);
  let state = OUTSIDE;
  let wake = Number.POSITIVE_INFINITY;
  for (;;) {
    const [next, planned] = queue[0] ?? [Number.POSITIVE_INFINITY, offline];
    const at = Math.min(next, wake);
    if (at > until) return strokes;
    const event: MembershipEvent = next <= wake ? planned : { type: "due" };
    if (next <= wake) queue.shift();
    else wake = Number.POSITIVE_INFINITY;
    const [after, ...effects] = step(state, event, at);
    state = after;
    for (const effect of effects) {
      if (effect.do === "wake") wake = at + effect.min;
      if (effect.do === "join" && answer !== undefined) queue.unshift([at, answer]);
    }
    if (state.at === "outside") wake = Number.POSITIVE_INFINITY;
    strokes.push({ at, event, state, effects });
  }
}

const online: MembershipEvent = { type: "online" };
const offline: MembershipEvent = { type: "offline" };
const joined: MembershipEvent = { type: "joined" };
const invited: MembershipEvent = { type: "invited" };
const loggedIn: MembershipEvent = { type: "logged-in" };
const kicked: MembershipEvent = { type: "removed", how: "kicked", by: "op", reason: "" };

function refusedBy(numeric: string): MembershipEvent {
  const refusal = joinRefusal(numeric);
  if (refusal === undefined) throw new Error(`${numeric} refuses no JOIN`);
  return { type: "refused", refusal };
}

const numerics = [
  "403",
  "405",
  "437",
  "470",
  "471",
  "473",
  "474",
  "475",
  "476",
  "477",
  "489",
  "520",
];

const someEvent: fc.Arbitrary<MembershipEvent> = fc.oneof(
  fc.constantFrom<MembershipEvent>(online, offline, joined, invited, loggedIn, kicked),
  fc.constantFrom(...numerics).map(refusedBy),
  fc.constant<MembershipEvent>({ type: "strayed", channel: "#other" }),
);

const someLife = fc.array(fc.tuple(fc.integer({ min: 0, max: hour }), someEvent), {
  maxLength: 60,
});

const joins = (strokes: readonly Stroke[]) =>
  strokes.filter(({ effects }) => effects.some((effect) => effect.do === "join"));

const reports = (strokes: readonly Stroke[]) =>
  strokes.flatMap(({ effects }) => effects.filter((effect) => effect.do === "report"));

/** Milliseconds from each JOIN to the next. */
function pauses(strokes: readonly Stroke[]): number[] {
  const times = joins(strokes).map(({ at }) => at);
  return times.slice(1).map((at, i) => at - (times[i] ?? 0));
}

describe("step()", () => {
  test("nobody is inside but by the echo of our own JOIN", () => {
    fc.assert(
      fc.property(someLife, (life) => {
        const silent = life.filter(([, event]) => event.type !== "joined");
        expect(live(silent, hour).map(({ state }) => state.at)).not.toContain("inside");
      }),
    );
  });

  test("a session that is not inside always has a wake pending", () => {
    fc.assert(
      fc.property(someLife, (life) => {
        let pending = false;
        for (const { event, state, effects } of live(life, 2 * hour)) {
          if (event.type === "due" || state.at === "outside") pending = false;
          if (effects.some((effect) => effect.do === "wake")) pending = true;
          expect(pending || state.at === "inside" || state.at === "outside").toBe(true);
        }
      }),
    );
  });

  test("JOINs of one session are never less than three seconds apart", () => {
    fc.assert(
      fc.property(someLife, (life) => {
        const sent = joins(live(life, 2 * hour));
        const gaps = sent.map(({ at, event }, i) =>
          event.type === "online" ? Number.POSITIVE_INFINITY : at - (sent[i - 1]?.at ?? 0),
        );
        expect(Math.min(...gaps)).toBeGreaterThanOrEqual(3_000);
      }),
    );
  });

  test("a refused JOIN is always tried again", () => {
    fc.assert(
      fc.property(someLife, fc.constantFrom(...numerics), (life, numeric) => {
        const refused = live([...life, [hour, online]], 3 * hour, refusedBy(numeric));
        expect(joins(refused).some(({ at }) => at > hour)).toBe(true);
      }),
    );
  });

  test("offline ends every stay", () => {
    fc.assert(
      fc.property(someLife, (life) => {
        expect(live([...life, [hour, offline]], hour).at(-1)?.state.at).toBe("outside");
      }),
    );
  });

  test("the same trouble is reported once, and again after we were inside", () => {
    const banned = refusedBy("474");
    const life: Timed[] = [
      [0, online],
      [5 * hour, joined],
      [5 * hour, kicked],
    ];
    expect(reports(live(life, 9 * hour, banned)).map(({ event }) => event)).toEqual([
      "channel join refused",
      "channel joined",
      "channel left against our will",
      "channel join refused",
    ]);
  });

  test.each([
    ["403", 15 * minute],
    ["405", 5 * minute],
    ["437", 10_000],
    ["471", 10_000],
    ["473", 5 * minute],
    ["474", 5 * minute],
    ["475", 15 * minute],
    ["476", 15 * minute],
    ["477", 10_000],
    ["489", 15 * minute],
    ["520", 5 * minute],
  ])("a JOIN refused with %s is tried again after %i ms", (numeric, ms) => {
    expect(pauses(live([[0, online]], ms, refusedBy(numeric)))).toEqual([ms]);
  });

  test("a ban is asked about less and less often, but once an hour at least", () => {
    const minutes = pauses(live([[0, online]], 6 * hour, refusedBy("474"))).map(
      (ms) => ms / minute,
    );
    expect(minutes).toEqual([5, 10, 20, 40, 60, 60, 60, 60]);
  });

  test("a JOIN without an answer is sent again after ten seconds, then less and less often", () => {
    const seconds = pauses(live([[0, online]], 20 * minute)).map((ms) => ms / 1_000);
    expect(seconds).toEqual([10, 20, 40, 80, 160, 300, 300]);
  });

  test("an INVITE opens an invite-only channel at once, but not faster than every five seconds", () => {
    const invites = Array.from({ length: 100 }, (_, i): Timed => [10_000 + i * 100, invited]);
    const strokes = live([[0, online], ...invites], 20_000, refusedBy("473"));
    expect(joins(strokes).map(({ at }) => at)).toEqual([0, 10_000, 15_000, 20_000]);
  });

  test("a login ends the wait of a channel that wants one, and of no other", () => {
    const life: Timed[] = [
      [0, online],
      [6_000, loggedIn],
    ];
    expect(joins(live(life, 6_000, refusedBy("477")))).toHaveLength(2);
    expect(joins(live(life, 6_000, refusedBy("474")))).toHaveLength(1);
  });

  test("who is kicked returns after three seconds, then waits twice as long each time", () => {
    const events: Timed[] = [[0, online]];
    const returns: number[] = [];
    for (let now = 0, i = 0; i < 10; i += 1) {
      events.push([now, joined], [now, kicked]);
      const back = joins(live(events, now + hour)).find(({ at }) => at > now);
      returns.push((back?.at ?? 0) - now);
      now = back?.at ?? 0;
    }
    expect(returns.map((ms) => ms / 1_000)).toEqual([3, 6, 12, 24, 48, 96, 192, 384, 600, 600]);
  });

  test("ten minutes inside make a kick the first one again, and a new session does not", () => {
    const twice = (between: number, session: MembershipEvent[]) =>
      live(
        [
          [0, online],
          [0, joined],
          [0, kicked],
          [3_000, joined],
          ...session.map((event): Timed => [4_000, event]),
          [3_000 + between, kicked],
        ],
        3_000 + between,
      ).at(-1)?.state.past.removals;
    expect(twice(10 * minute, [])).toBe(1);
    expect(twice(9 * minute, [])).toBe(2);
    expect(twice(minute, [offline, online, joined])).toBe(2);
  });

  test("the fifth kick in a row raises the alarm", () => {
    const life = Array.from({ length: 5 }, (_, i): Timed[] => [
      [i, joined],
      [i, kicked],
    ]).flat();
    const levels = reports(live([[0, online], ...life], 500))
      .filter(({ event }) => event === "channel left against our will")
      .map(({ level }) => level);
    expect(levels).toEqual(["warn", "warn", "warn", "warn", "error"]);
  });

  test("a channel we were forwarded to is left, and the right one tried again", () => {
    const refusal = joinRefusal("470");
    if (refusal === undefined) throw new Error("470 refuses no JOIN");
    const strokes = live(
      [
        [0, online],
        [1, { type: "refused", refusal, leave: "##unregistered" }],
      ],
      10_001,
    );
    expect(strokes.flatMap(({ effects }) => effects)).toContainEqual({
      do: "part",
      channel: "##unregistered",
    });
    expect(joins(strokes)).toHaveLength(2);
  });
});

describe("readMembershipEvent()", () => {
  const view: ChannelView = {
    channel: "#room[1]",
    casemapping: "rfc1459",
    isMe: (nick) => nick === "relay",
    isWanted: (channel) => ["#room[1]", "#second"].includes(channel),
  };
  const read = (text: string) => {
    const line = parseLine(text);
    return line === undefined ? undefined : readMembershipEvent(line, view);
  };

  test.each([
    [":relay!u@h JOIN #Room{1}", { type: "joined" }],
    [":relay!u@h JOIN #ROOM[1] account :real name", { type: "joined" }],
    [":other!u@h JOIN #room[1]", undefined],
    [":relay!u@h JOIN ##elsewhere", { type: "strayed", channel: "##elsewhere" }],
    [":relay!u@h JOIN #second", undefined],
    [
      ":op!u@h KICK #room[1] relay :out",
      { type: "removed", how: "kicked", by: "op", reason: "out" },
    ],
    [":op!u@h KICK #room[1] other :out", undefined],
    [":op!u@h KICK #second relay :out", undefined],
    [":relay!u@h PART #room[1] :bye", { type: "removed", how: "parted", by: "", reason: "bye" }],
    [":relay!u@h PART ##elsewhere", undefined],
    [":op!u@h INVITE relay :#room[1]", { type: "invited" }],
    [":op!u@h INVITE other :#room[1]", undefined],
    [":irc.test 900 relay relay!u@h acct :You are now logged in", { type: "logged-in" }],
    [":irc.test 366 relay #room[1] :End of /NAMES list", undefined],
    [":irc.test 404 relay #room[1] :Cannot send to channel", undefined],
    [":irc.test 437 * relay :Nick is unavailable", undefined],
    [":irc.test 474 relay #second :Cannot join channel (+b)", undefined],
    ["KICK", undefined],
    ["JOIN", undefined],
    ["PART", undefined],
    ["INVITE relay", undefined],
    [":irc.test 470 relay", undefined],
  ])("reads %s", (text, event) => {
    expect(read(text)).toEqual(event);
  });

  test.each(numerics)("reads %s for our channel as a refusal by its name", (numeric) => {
    expect(read(`:irc.test ${numeric} relay #room[1] :No`)).toEqual(refusedBy(numeric));
  });

  test("an error numeric that nobody knows is a refusal too", () => {
    expect(read(":irc.test 495 relay #room[1] :Wait 5 seconds")).toEqual({
      type: "refused",
      refusal: { name: "495", meaning: "Wait 5 seconds", retry: "later" },
    });
  });

  test("470 names the channel to leave, unless somebody here wants it", () => {
    expect(read(":irc.test 470 relay #room[1] ##unregistered :Forwarding")).toMatchObject({
      type: "refused",
      leave: "##unregistered",
    });
    expect(read(":irc.test 470 relay #room[1] #second :Forwarding")).toEqual(refusedBy("470"));
  });
});

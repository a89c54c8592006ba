import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Membership,
  type MembershipContext,
  type MembershipEffect,
  type MembershipEvent,
  OUTSIDE,
  step,
} from "../../../shared/xmpp/wire/membership.ts";
import { type Departure, readPresence } from "../../../shared/xmpp/wire/presence.ts";
import { stanza } from "../../support/stanza.ts";

const context: MembershipContext = { nick: "relay", newRoom: "accept", now: 0 };
const second = 1_000;
const minute = 60 * second;

const online: MembershipEvent = { type: "online" };
const offline: MembershipEvent = { type: "offline" };
const due: MembershipEvent = { type: "due" };

/** A presence from the room, as a server would write it. */
function presence(attrs: string, inside: string): MembershipEvent {
  const xml = `<presence ${attrs}>${inside}</presence>`;
  const read = readPresence(stanza(xml));
  if (read === undefined) throw new Error(`Cannot use it as a presence: ${xml}`);
  return { type: "presence", presence: read };
}

const user = (inside: string) => `<x xmlns='http://jabber.org/protocol/muc#user'>${inside}</x>`;
const status = (...codes: readonly number[]) =>
  codes.map((code) => `<status code='${code}'/>`).join("");
const from = (nick: string) => `from='chat@conference.localhost/${nick}'`;

const here = (nick: string, ...codes: readonly number[]) =>
  presence(from(nick), user(status(...codes)));
const gone = (nick: string, inside = "") =>
  presence(`${from(nick)} type='unavailable'`, user(inside));
const refused = (nick: string, condition: string, inside = "") =>
  presence(
    `${from(nick)} type='error'`,
    `<error type='cancel'><${condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>${inside}</${condition}></error>`,
  );

/** A conflict as the examples in XEP-0045 have it: from the room, without a nick. */
const roomSaysTaken = presence(
  "from='chat@conference.localhost' type='error'",
  "<error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>",
);

/** Where the events lead, and everything that they asked for on the way. */
function walk(
  events: readonly MembershipEvent[],
  given: Partial<MembershipContext> = {},
): { readonly state: Membership; readonly effects: readonly MembershipEffect[] } {
  let state: Membership = OUTSIDE;
  const effects: MembershipEffect[] = [];
  for (const event of events) {
    const [next, ...asked] = step(state, event, { ...context, ...given });
    state = next;
    effects.push(...asked);
  }
  return { state, effects };
}

/** What only the last of the events asks for. */
function last(events: readonly MembershipEvent[], given: Partial<MembershipContext> = {}) {
  const before = walk(events.slice(0, -1), given);
  const { state, effects } = walk(events, given);
  return { state, effects: effects.slice(before.effects.length) };
}

const reports = (effects: readonly MembershipEffect[]) =>
  effects.flatMap((effect) => (effect.do === "report" ? [effect.event] : []));
const wakes = (effects: readonly MembershipEffect[]) =>
  effects.flatMap((effect) => (effect.do === "wake" ? [[effect.min, effect.max]] : []));
const joins = (effects: readonly MembershipEffect[]) =>
  effects.flatMap((effect) => (effect.do === "send-join" ? [effect.nick] : []));

describe("joining", () => {
  test("begins with the session, and waits some time for an answer", () => {
    const { state, effects } = walk([online]);
    expect(state).toMatchObject({ at: "joining", nick: "relay", tries: 1 });
    expect(effects).toEqual([
      { do: "send-join", nick: "relay" },
      { do: "wake", min: 20 * second, max: 40 * second },
    ]);
  });

  test("ends with our own presence and not with that of others", () => {
    expect(walk([online, here("romeo"), here("relay")]).state.at).toBe("joining");
    const { state, effects } = last([online, here("romeo"), here("relay", 110)]);
    expect(state).toMatchObject({ at: "inside", nick: "relay", displaced: false });
    expect(reports(effects)).toEqual(["room joined"]);
  });

  test("is tried again when nobody answers, with growing pauses and one report", () => {
    const { effects } = walk([online, due, due, due]);
    expect(joins(effects)).toEqual(["relay", "relay", "relay", "relay"]);
    expect(wakes(effects).map(([min]) => min)).toEqual([20, 40, 80, 120].map((s) => s * second));
    expect(reports(effects)).toEqual(["room join not answered"]);
  });

  test("begins anew with a new session", () => {
    expect(walk([online, here("relay", 110), offline]).state.at).toBe("outside");
    expect(joins(last([online, here("relay", 110), offline, online]).effects)).toEqual(["relay"]);
  });
});

describe("a taken nick", () => {
  const conflicts = ["relay", "relay_", "relay__", "relay2", "relay3"].map((nick) =>
    refused(nick, "conflict"),
  );

  test("is answered with four others and then with patience", () => {
    const { state, effects } = walk([online, ...conflicts]);
    expect(joins(effects)).toEqual(["relay", "relay_", "relay__", "relay2", "relay3"]);
    expect(state).toMatchObject({ at: "barred", condition: "conflict", retry: "later" });
    expect(wakes(effects).at(-1)).toEqual([10 * second, 20 * second]);
    expect(joins(last([online, ...conflicts, due]).effects)).toEqual(["relay"]);
  });

  test("is not answered for a try that we gave up", () => {
    const twice = [online, refused("relay", "conflict"), refused("relay", "conflict")];
    expect(joins(walk(twice).effects)).toEqual(["relay", "relay_"]);
  });

  test("is answered also when the room alone says so", () => {
    expect(joins(walk([online, roomSaysTaken]).effects)).toEqual(["relay", "relay_"]);
  });

  const displaced = [online, refused("relay", "conflict"), here("relay_", 110)];

  test("is asked for again when its holder goes or takes another", () => {
    const wants = [
      { do: "send-nick", nick: "relay" },
      { do: "wake", min: minute, max: minute },
    ];
    expect(walk(displaced).state).toMatchObject({ at: "inside", displaced: true });
    expect(last([...displaced, gone("relay")]).effects).toEqual(wants);
    expect(last([...displaced, gone("relay", status(303))]).effects).toEqual(wants);
    expect(last([...displaced, gone("romeo")]).effects).toEqual([]);
  });

  test("is asked for now and then, and a refusal leaves us inside", () => {
    const asked = last([...displaced, due]);
    expect(asked.effects).toMatchObject([{ do: "send-nick", nick: "relay" }, { do: "wake" }]);
    for (const condition of ["conflict", "not-acceptable", "forbidden"]) {
      const after = last([...displaced, due, refused("relay", condition)]);
      expect(after).toEqual({ state: asked.state, effects: [] });
    }
  });

  test("is ours again after the change, and is asked for no more", () => {
    const changed = gone("relay_", `${status(303, 110)}<item nick='relay'/>`);
    const regained = [...displaced, gone("relay"), changed, here("relay", 110)];
    expect(walk(regained).state).toMatchObject({ at: "inside", nick: "relay", displaced: false });
    expect(last([...regained, due]).effects).toEqual([]);
  });

  test("that the room replaced by one of its own (210) is let go", () => {
    const renamed = [online, refused("relay", "conflict"), here("visitor7", 110, 210)];
    expect(walk(renamed).state).toMatchObject({ nick: "visitor7", displaced: false });
    expect(last([...renamed, gone("relay")]).effects).toEqual([]);
  });

  test("in another spelling of Unicode is still the one we want", () => {
    const wide = { nick: "ｒｅｌａｙ" };
    expect(walk([online, refused("relay", "conflict")], wide).state).toMatchObject({ tries: 2 });
  });
});

describe("a refused join", () => {
  test.each([
    ["not-authorized", "long", "the room wants a password"],
    ["forbidden", "long", "we are banned from the room"],
    ["registration-required", "long", "the room takes only its members"],
    ["item-not-found", "later", "the room is locked or does not exist"],
    ["not-allowed", "long", "the room does not exist and we may not create it"],
    ["jid-malformed", "long", "the nick is not valid"],
    ["not-acceptable", "long", "the room takes only the nick registered for us"],
    ["service-unavailable", "later", "the room is full or its service is down"],
    ["resource-constraint", "later", "the room or its server is full"],
    ["remote-server-not-found", "later", "the room's server cannot be found"],
    ["remote-server-timeout", "later", "the room's server does not answer"],
    ["gone", "long", "the room was destroyed"],
    ["never-heard-of", "later", "the server gives no reason we know"],
  ])("because of %s is tried again (%s): %s", (condition, retry, meaning) => {
    const { state, effects } = last([online, refused("relay", condition)]);
    expect(state).toMatchObject({ at: "barred", condition, retry });
    const [min] = retry === "later" ? [10 * second] : [5 * minute];
    expect(wakes(effects)).toEqual([[min, min * 2]]);
    expect(effects).toContainEqual({
      do: "report",
      level: "warn",
      event: "room join refused",
      fields: { condition, meaning, text: undefined, alternate: undefined },
    });
  });

  test("names where the room went", () => {
    const moved = refused("relay", "gone", "xmpp:new@conference.localhost?join");
    expect(last([online, moved]).effects).toContainEqual(
      expect.objectContaining({
        fields: expect.objectContaining({ alternate: "new@conference.localhost" }),
      }),
    );
  });

  test("is reported once while it goes on, and again after a stay", () => {
    const banned = [due, refused("relay", "forbidden")];
    const stay = [due, here("relay", 110), gone("relay", status(307, 110))];
    const { effects } = walk([online, ...banned, ...banned, ...banned, ...stay, ...banned]);
    expect(reports(effects).filter((event) => event === "room join refused")).toHaveLength(2);
  });

  test("is tried less and less often, up to half an hour", () => {
    const again = [refused("relay", "forbidden"), due];
    const { effects } = walk([online, ...again, ...again, ...again, ...again]);
    const pauses = wakes(effects).map(([, max = 0]) => max);
    expect(Math.max(...pauses)).toBe(30 * minute);
  });
});

describe("being put out", () => {
  const inside = [online, here("relay", 110)];

  test.each<[Departure, string, string, number]>([
    ["left", status(110), "warn", second],
    ["banned", status(301, 110), "error", 5 * minute],
    ["kicked", status(307, 110), "warn", 3 * second],
    ["not-a-member", status(321, 110), "error", 5 * minute],
    ["members-only", status(322, 110), "error", 5 * minute],
    ["shutdown", status(332, 110), "warn", second],
    ["error", status(333, 110), "warn", second],
    ["destroyed", "<destroy jid='new@c.localhost'/>", "error", 5 * minute],
  ])("(%s) is reported and followed by a join in good time", (why, codes, level, min) => {
    const { state, effects } = last([...inside, gone("relay", codes)]);
    expect(state).toMatchObject({ at: "barred", condition: why });
    expect(wakes(effects)).toEqual([[min, min * 2]]);
    expect(effects).toContainEqual(
      expect.objectContaining({ level, event: "room left against our will" }),
    );
    expect(joins(last([...inside, gone("relay", codes), due]).effects)).toEqual(["relay"]);
  });

  test("is noticed without status 110, which ejabberd leaves out", () => {
    expect(walk([...inside, gone("relay", "<destroy/>")]).state.at).toBe("barred");
    expect(walk([...inside, gone("romeo", "<destroy/>")]).state.at).toBe("inside");
  });

  test("again and again makes us slower, and the report louder", () => {
    const kicked = gone("relay", `${status(307, 110)}<item><actor nick='romeo'/></item>`);
    const round = [kicked, due, here("relay", 110)];
    const { effects } = walk([...inside, ...round, ...round, ...round, ...round, kicked]);
    const pauses = effects.flatMap((effect, i) =>
      effect.do === "wake" && effects[i - 1]?.do !== "send-join" ? [effect.min / second] : [],
    );
    expect(pauses).toEqual([3, 6, 12, 24, 48]);
    expect(effects.at(-1)).toMatchObject({ level: "error", fields: { by: "romeo", times: 5 } });
  });

  test("after a long stay counts as the first time", () => {
    const kicked = gone("relay", status(307, 110));
    const before = walk([...inside, kicked, due, kicked, here("relay", 110)]).state;
    const [, ...effects] = step(before, kicked, { ...context, now: 10 * minute });
    expect(wakes(effects)).toEqual([[3 * second, 6 * second]]);
  });

  test("does not follow from a change of our nick", () => {
    const changed = gone("relay", `${status(303, 110)}<item nick='relay2'/>`);
    expect(walk([...inside, changed]).state).toMatchObject({ at: "inside", nick: "relay2" });
    const untold = [...inside, gone("relay", status(303, 110)), here("relay2", 110)];
    expect(walk(untold).state).toMatchObject({ at: "inside", nick: "relay2" });
  });

  test("without a word is found out by a self-ping or a refused nick", () => {
    const lost: MembershipEvent = { type: "self-ping", verdict: "outside" };
    for (const event of [lost, refused("relay", "item-not-found")]) {
      const { state, effects } = last([...inside, event]);
      expect(state.at).toBe("joining");
      expect(joins(effects)).toEqual(["relay"]);
      expect(reports(effects)).toEqual(["room lost without notice"]);
    }
    for (const verdict of ["inside", "undecided"] as const) {
      expect(last([...inside, { type: "self-ping", verdict }]).effects).toEqual([]);
    }
  });
});

describe("a room that did not exist", () => {
  const created = [online, here("relay", 201, 110)];

  test("is accepted and unlocked when that is wanted", () => {
    const { state, effects } = last(created, { newRoom: "accept" });
    expect(state.at).toBe("inside");
    expect(effects).toContainEqual({ do: "submit-instant-room" });
    expect(reports(effects)).toContain("room created");
  });

  test("is left again when that is not wanted", () => {
    const { state, effects } = last(created, { newRoom: "refuse" });
    expect(state).toMatchObject({ at: "barred", condition: "new-room", retry: "long" });
    expect(effects).toContainEqual({ do: "leave", nick: "relay" });
    expect(effects).not.toContainEqual({ do: "submit-instant-room" });
    const left = [...created, gone("relay", status(110))];
    expect(last(left, { newRoom: "refuse" }).effects).toEqual([]);
  });

  const destroyed = [online, here("relay", 110), gone("relay", "<destroy/>"), offline, online];

  test("because it was destroyed is not made again, not even by the next session", () => {
    const { state, effects } = last([...destroyed, here("relay", 201, 110)]);
    expect(state).toMatchObject({ at: "barred", condition: "new-room" });
    expect(effects).toContainEqual({ do: "leave", nick: "relay" });
  });

  test("is as good as any once somebody else has made it again", () => {
    const again = [...destroyed, here("relay", 110), offline, online, here("relay", 201, 110)];
    expect(last(again).state.at).toBe("inside");
  });
});

/** Every state on the way, with what led to it. */
function trail(events: readonly MembershipEvent[], given: Partial<MembershipContext>) {
  let state: Membership = OUTSIDE;
  return events.map((cause) => {
    const before = state;
    const [after, ...effects] = step(before, cause, { ...context, ...given });
    state = after;
    return { before, cause, after, effects };
  });
}

describe("the laws of a membership", () => {
  const nick = fc.constantFrom("relay", "relay_", "relay__", "relay2", "romeo");
  const codes = fc.uniqueArray(
    fc.constantFrom(100, 110, 201, 210, 301, 303, 307, 321, 322, 332, 333),
    { maxLength: 3 },
  );
  const detail = fc.constantFrom("", "<destroy/>", "<item nick='relay2'/>", "<item nick='relay'/>");
  const condition = fc.constantFrom("conflict", "conflict", "forbidden", "item-not-found", "other");
  const event: fc.Arbitrary<MembershipEvent> = fc.oneof(
    fc.constantFrom(online, online, offline, due, due),
    fc
      .constantFrom("inside" as const, "outside" as const, "undecided" as const)
      .map((verdict): MembershipEvent => ({ type: "self-ping", verdict })),
    fc.tuple(nick, codes).map(([name, numbers]) => here(name, ...numbers)),
    fc.tuple(nick, codes, detail).map(([name, c, d]) => gone(name, status(...c) + d)),
    fc.tuple(nick, condition).map(([name, why]) => refused(name, why)),
  );
  const life = fc.array(event, { maxLength: 60 });
  const crowded = fc.array(
    fc.oneof({ arbitrary: fc.constant(roomSaysTaken), weight: 8 }, { arbitrary: event, weight: 1 }),
    { maxLength: 60 },
  );
  const wishes = fc.record({
    newRoom: fc.constantFrom("accept" as const, "refuse" as const),
  });

  test("while a session lives and we are not inside, a wake is pending", () => {
    fc.assert(
      fc.property(life, wishes, (events, given) => {
        let isPending = false;
        for (const { cause, after, effects } of trail(events, given)) {
          if (cause.type === "due" || cause.type === "offline") isPending = false;
          if (effects.some((effect) => effect.do === "wake")) isPending = true;
          expect(isPending || after.at === "outside" || after.at === "inside").toBe(true);
        }
      }),
    );
  });

  test("we come inside only by our own presence, and a displaced nick is asked for in time", () => {
    fc.assert(
      fc.property(life, wishes, (events, given) => {
        const entrances = trail(events, given).filter(
          ({ before, after }) => before.at !== "inside" && after.at === "inside",
        );
        for (const { cause, after, effects } of entrances) {
          expect(cause).toMatchObject({ type: "presence", presence: { kind: "here", self: true } });
          const displaced = after.at === "inside" && after.displaced;
          expect(effects.some((effect) => effect.do === "wake")).toBe(displaced);
        }
      }),
    );
  });

  test("nick tries are bounded, and no two of one join are for the same nick", () => {
    fc.assert(
      fc.property(crowded, wishes, (events, given) => {
        const tried = new Set<string>();
        for (const { after, effects } of trail([online, ...events], given)) {
          const tries = after.at === "joining" ? after.tries : 1;
          const asked = joins(effects);
          if (tries === 1 && asked.length > 0) tried.clear();
          for (const name of asked) tried.add(name);
          expect(tries).toBeLessThanOrEqual(5);
          expect(after.at === "joining" ? tried.size : tries).toBe(tries);
        }
      }),
    );
  });

  test("without a session nothing is asked for, and with none we are outside", () => {
    fc.assert(
      fc.property(life, wishes, (events, given) => {
        const steps = trail(events, given);
        const ends = steps.filter(({ cause }) => cause.type === "offline");
        expect(ends.filter(({ after }) => after.at !== "outside")).toEqual([]);
        const idle = steps.filter(
          ({ before, cause }) => before.at === "outside" && cause.type !== "online",
        );
        expect(idle.flatMap(({ effects }) => effects)).toEqual([]);
      }),
    );
  });

  test("every pause is between a second and half an hour", () => {
    fc.assert(
      fc.property(life, wishes, (events, given) => {
        for (const { effects } of trail(events, given)) {
          for (const [min = 0, max = 0] of wakes(effects)) {
            expect(min).toBeGreaterThanOrEqual(second);
            expect(max).toBeGreaterThanOrEqual(min);
            expect(max).toBeLessThanOrEqual(30 * minute);
          }
        }
      }),
    );
  });

  test("a room that is not to be made is never unlocked", () => {
    fc.assert(
      fc.property(life, (events) => {
        const { effects } = walk(events, { newRoom: "refuse" });
        expect(effects).not.toContainEqual({ do: "submit-instant-room" });
      }),
    );
  });
});

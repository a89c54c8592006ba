import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { judge, troubles } from "../../../shared/observe/judge.ts";
import type {
  DirectionReport,
  LinkReport,
  LinkState,
  Snapshot,
} from "../../../shared/observe/snapshot.ts";

const EMPTY: Snapshot = {
  links: [],
  directions: [],
  servers: [],
  outbox: { trouble: undefined, inMemoryOnly: 0 },
};

function link(at: LinkState["at"], more: Partial<LinkReport> = {}): LinkReport {
  return {
    name: "irc server",
    state: { at, detail: "refused" },
    since: 0,
    proof: undefined,
    attempts: 0,
    attemptAt: undefined,
    ...more,
  };
}

function direction(more: Partial<DirectionReport> = {}): DirectionReport {
  return {
    name: "announcements",
    pending: 3,
    oldestAt: undefined,
    lastDeliveredAt: undefined,
    stuckSince: undefined,
    fates: {},
    heldUpBy: undefined,
    ...more,
  };
}

const time = fc.nat({ max: 1_000_000 });
const links = fc.array(
  fc.record({
    name: fc.string(),
    state: fc.record({
      at: fc.constantFrom("up", "opening", "down", "failed"),
      detail: fc.string(),
    }),
    since: time,
    proof: fc.option(fc.record({ at: time, everyMs: fc.integer({ min: 1, max: 100_000 }) }), {
      nil: undefined,
    }),
    attempts: fc.nat(),
    attemptAt: fc.option(time, { nil: undefined }),
  }),
);
const directions = fc.array(
  fc.option(time, { nil: undefined }).map((stuckSince) => direction({ stuckSince })),
);
const snapshots = fc
  .record({ links, directions })
  .map((parts): Snapshot => ({ ...EMPTY, ...parts }));

describe("judge()", () => {
  test.each([
    [
      "a link that is up and was heard in time",
      { links: [link("up", { proof: proved(0) })] },
      60_000,
    ],
    ["a link of which nobody knows a proof", { links: [link("up")] }, 1e9],
    ["a link that is down and is tried", { links: [link("down", { attemptAt: 0 })] }, 120_000],
    ["a server that is left alone on purpose", { links: [link("down", { attemptAt: 1e9 })] }, 5e8],
    ["a room whose stream is down", { links: [link("down")] }, 1e9],
    ["a bridge that has failed", { links: [link("failed", { attemptAt: 0 })] }, 1e9],
    [
      "a direction that has something to say",
      { directions: [direction({ stuckSince: 0 })] },
      120_000,
    ],
    ["a direction that has nothing to say", { directions: [direction()] }, 1e9],
    ["a disk that is full", { outbox: { trouble: "SQLITE_FULL", inMemoryOnly: 3 } }, 1e9],
  ] as const)("has nothing to say against %s", (_, parts, now) => {
    expect(judge({ ...EMPTY, ...parts }, now)).toEqual([]);
  });

  test("complains of a link that is up without a sign of life for three times its time", () => {
    const snapshot = { ...EMPTY, links: [link("up", { proof: proved(0) })] };
    expect(judge(snapshot, 60_001)).toEqual([
      {
        kind: "deaf",
        about: "irc server",
        text: "irc server is up without a sign of life for 60 s",
      },
    ]);
  });

  test("complains of a link that nobody tries, from when an attempt was due", () => {
    const snapshot = { ...EMPTY, links: [link("down", { attemptAt: 300_000 })] };
    expect(judge(snapshot, 420_000)).toEqual([]);
    expect(judge(snapshot, 420_001)).toEqual([
      {
        kind: "idle",
        about: "irc server",
        text: "irc server is down without an attempt for 120 s",
      },
    ]);
  });

  test("complains of a direction in which nothing moves for two minutes", () => {
    const snapshot = { ...EMPTY, directions: [direction({ stuckSince: 0 })] };
    expect(judge(snapshot, 120_001)).toEqual([
      {
        kind: "stuck",
        about: "announcements",
        text: "announcements is stuck for 120 s with 3 to say",
      },
    ]);
  });

  test("time heals nothing by itself: what is wrong stays wrong until something happens", () => {
    fc.assert(
      fc.property(snapshots, time, time, (snapshot, now, later) => {
        const about = (at: number) => judge(snapshot, at).map((complaint) => complaint.about);
        expect(about(now + later)).toEqual(expect.arrayContaining(about(now)));
      }),
    );
  });

  test("the far side alone is never a reason, whatever the time: down and announced, opening, failed", () => {
    fc.assert(
      fc.property(snapshots, time, (snapshot, now) => {
        const remote = snapshot.links
          .filter(({ state }) => state.at !== "up")
          .map((each) => ({ ...each, attemptAt: now + (each.attemptAt ?? 0) }));
        expect(judge({ ...EMPTY, links: remote }, now)).toEqual([]);
      }),
    );
  });

  test("each complaint is one of the troubles; and no link that is not up is passed over", () => {
    fc.assert(
      fc.property(snapshots, time, (snapshot, now) => {
        const told = troubles(snapshot, now);
        const notUp = snapshot.links.filter(({ state }) => state.at !== "up").length;
        expect(told).toHaveLength(notUp + judge(snapshot, now).length);
        expect(told).toEqual(expect.arrayContaining(judge(snapshot, now).map(({ text }) => text)));
      }),
    );
  });
});

describe("troubles()", () => {
  test("is nothing when all is well", () => {
    expect(troubles({ ...EMPTY, links: [link("up")], directions: [direction()] }, 0)).toEqual([]);
  });

  test("names the link with its reason, and a disk that cannot be written", () => {
    const snapshot = {
      ...EMPTY,
      links: [link("down"), link("failed", { name: "webridge" })],
      outbox: { trouble: "database or disk is full", inMemoryOnly: 3 },
    };
    expect(troubles(snapshot, 0)).toEqual([
      "irc server is down: refused",
      "webridge is failed: refused",
      "The outbox is not on disk: database or disk is full (3 in memory only)",
    ]);
  });
});

function proved(at: number) {
  return { at, everyMs: 20_000 };
}

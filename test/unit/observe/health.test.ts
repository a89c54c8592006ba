import { describe, expect, test } from "vitest";
import { BridgeHealth, Health } from "../../../shared/observe/health.ts";
import type { OutboxProgress } from "../../../shared/observe/snapshot.ts";
import { FakeClock } from "../../support/fake-clock.ts";

const IDLE: OutboxProgress = {
  pending: 0,
  oldestAt: undefined,
  lastDeliveredAt: undefined,
  stuckSince: undefined,
  fates: {},
};

describe("Health", () => {
  test("tells every watcher of a change, and of nothing else", () => {
    const health = new Health();
    const told: string[] = [];
    health.onChange(() => told.push("one"));
    const stop = health.onChange(() => told.push("two"));
    health.set("room", "down", "not joined yet");
    health.set("room", "down", "not joined yet");
    stop();
    health.set("room", "up", "as relay");
    expect(told).toEqual(["one", "two", "one"]);
  });

  test("until() resolves at once, when it becomes so, and when the signal aborts", async () => {
    const health = new Health();
    const stop = new AbortController();
    const resolved: string[] = [];
    const watch = (name: string, isSo: () => boolean) =>
      health.until(isSo, stop.signal).then(() => resolved.push(name));
    const now = watch("now", () => true);
    const up = watch("up", () => health.has("up"));
    const failed = watch("failed", () => health.has("failed"));
    await now;
    expect(resolved).toEqual(["now"]);
    health.set("room", "up", "as relay");
    await up;
    expect(resolved).toEqual(["now", "up"]);
    stop.abort();
    await failed;
    await watch("too late", () => false);
    expect(resolved).toEqual(["now", "up", "failed", "too late"]);
  });

  test("sums up in a line what is wrong", () => {
    const health = new Health();
    health.set("room", "up", "as relay");
    health.set("irc server", "down", "refused");
    expect(health.summary()).toBe("1 of 2 links up; irc server down: refused");
  });
});

describe("snapshot()", () => {
  test("knows since when a link stands as it does, whatever is said of it in the meantime", async () => {
    const clock = new FakeClock();
    const health = new Health(clock);
    health.set("room", "down", "not joined yet");
    await clock.advance(1_000);
    health.set("room", "down", "banned");
    expect(health.snapshot().links).toMatchObject([{ since: 0, state: { detail: "banned" } }]);
    health.set("room", "up", "as relay");
    expect(health.snapshot().links).toMatchObject([{ since: 1_000 }]);
  });

  test("counts the attempts since a link was up, and knows when the next one is due", async () => {
    const clock = new FakeClock();
    const health = new Health(clock);
    health.set("irc server", "down", "not connected yet");
    const attempts = health.attempts("irc server");
    const look = () => health.snapshot().links[0];
    attempts.begin();
    attempts.wait(500);
    expect(look()).toMatchObject({ attempts: 1, attemptAt: 500 });
    await clock.advance(500);
    attempts.begin();
    health.set("irc server", "up", "as saxjax");
    expect(look()).toMatchObject({ attempts: 0, attemptAt: undefined });
    await clock.advance(1_000_000);
    health.set("irc server", "down", "closed");
    expect(look()).toMatchObject({ attempts: 0, attemptAt: 1_000_500 });
    attempts.rest();
    expect(look()).toMatchObject({ attempts: 0, attemptAt: undefined });
  });

  test("an attempt that is due later stays so when the link goes down in the meantime", async () => {
    const clock = new FakeClock();
    const health = new Health(clock);
    health.set("room", "up", "as relay");
    health.attempts("room").wait(300_000);
    await clock.advance(1_000);
    health.set("room", "down", "banned");
    expect(health.snapshot().links).toMatchObject([{ attemptAt: 300_000 }]);
  });

  test("asks for proofs only then, and only of a link that is up", async () => {
    const clock = new FakeClock();
    const health = new Health(clock);
    let heardAt = 0;
    let asked = 0;
    health.prove("irc server", {
      everyMs: 20_000,
      at: () => {
        asked += 1;
        return heardAt;
      },
    });
    health.set("irc server", "down", "closed");
    await clock.advance(5_000);
    expect(health.snapshot().links[0]?.proof).toBeUndefined();
    expect(asked).toBe(0);
    health.set("irc server", "up", "as saxjax");
    // What came in over the session before is no proof of this one.
    expect(health.snapshot().links[0]?.proof).toEqual({ at: 5_000, everyMs: 20_000 });
    heardAt = 7_000;
    expect(health.snapshot().links[0]?.proof?.at).toBe(7_000);
  });

  test("names the first link that holds a direction up", () => {
    const health = new Health(new FakeClock());
    health.direction({ name: "announcements", needs: ["socket", "room"], outbox: IDLE });
    health.set("socket", "up", "there");
    health.set("room", "down", "banned");
    const look = () => health.snapshot().directions[0]?.heldUpBy;
    expect(look()).toBe("room is down: banned");
    health.set("room", "up", "as webridge");
    expect(look()).toBeUndefined();
  });
});

describe("BridgeHealth", () => {
  test("that fails is what holds its directions up, and no others", () => {
    const whole = new Health(new FakeClock());
    const webridge = new BridgeHealth("webridge", whole);
    const relay = new BridgeHealth("irc-relay", whole);
    webridge.set("room a", "up", "as webridge");
    relay.set("room b", "up", "as irc");
    webridge.direction({ name: "announcements a", needs: ["room a"], outbox: IDLE });
    relay.direction({ name: "irc-to-room b", needs: ["room b"], outbox: IDLE });
    webridge.fail("wrong password");
    expect(whole.snapshot().directions).toMatchObject([
      { name: "announcements a", heldUpBy: "webridge is failed: wrong password" },
      { name: "irc-to-room b", heldUpBy: undefined },
    ]);
  });

  test("is a part of the whole", () => {
    const whole = new Health();
    new BridgeHealth("webridge", whole).set("room a", "up", "as webridge");
    new BridgeHealth("irc-relay", whole).set("room b", "down", "not joined yet");
    expect([...whole.links().keys()]).toEqual(["room a", "room b"]);
  });

  test("that fails takes its own links with it, and no others", () => {
    const whole = new Health();
    const webridge = new BridgeHealth("webridge", whole);
    new BridgeHealth("irc-relay", whole).set("room b", "up", "as irc");
    webridge.set("xmpp", "down", "not connected yet");
    webridge.fail("wrong password");
    // What a loop still says on its way out is no news.
    webridge.set("xmpp", "down", "stopped");
    expect([...whole.links()]).toEqual([
      ["room b", { at: "up", detail: "as irc" }],
      ["webridge", { at: "failed", detail: "wrong password" }],
    ]);
  });
});

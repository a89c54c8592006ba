import { describe, expect, test } from "vitest";
import { BridgeHealth, Health } from "../../../shared/observe/health.ts";

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

describe("BridgeHealth", () => {
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

import { describe, expect, test } from "vitest";
import { Bodies } from "../../../shared/xmpp/bodies.ts";

describe("Bodies", () => {
  test("knows what was said under an id, and nothing else", () => {
    const bodies = new Bodies([["1", "one"]]);
    bodies.add("2", "two");
    bodies.add("1", "one again");
    expect(bodies.has("1", "one")).toBe(false);
    expect(bodies.has("1", "one again")).toBe(true);
    expect(bodies.has("2", "one again")).toBe(false);
    bodies.delete("2");
    bodies.delete("3");
    expect(bodies.all).toEqual([["1", "one again"]]);
  });

  test("keeps the newest of many", () => {
    const bodies = new Bodies();
    for (let i = 0; i < 1_200; i += 1) bodies.add(`${i}`, "body");
    expect(bodies.all.map(([id]) => id)).toEqual(
      Array.from({ length: 1_000 }, (_, i) => `${i + 200}`),
    );
  });

  test("keeps the newest of long ones", () => {
    const bodies = new Bodies();
    for (let i = 0; i < 20; i += 1) bodies.add(`${i}`, "x".repeat(99_000));
    expect(bodies.all.map(([id]) => id)).toEqual(Array.from({ length: 10 }, (_, i) => `${i + 10}`));
    bodies.add("too long", "x".repeat(2_000_000));
    expect(bodies.all).toEqual([]);
    bodies.add("short", "body");
    expect(bodies.has("short", "body")).toBe(true);
  });
});

import { describe, expect, test } from "vitest";
import { RecentLines } from "../../../bridges/irc-relay/recent-lines.ts";
import { FakeClock } from "../../support/fake-clock.ts";

describe("RecentLines", () => {
  test("knows a line for a minute", async () => {
    const clock = new FakeClock();
    const lines = new RecentLines(clock);
    lines.add("<anna> hello");
    await clock.advance(60_000);
    expect(lines.has("<anna> hello")).toBe(true);
    expect(lines.has("<anna> hell")).toBe(false);
    await clock.advance(1);
    expect(lines.has("<anna> hello")).toBe(false);
  });

  test("knows the last hundred lines", () => {
    const lines = new RecentLines(new FakeClock());
    for (let i = 0; i < 1_000; i += 1) lines.add(`line ${i}`);
    expect(lines.has("line 900")).toBe(true);
    expect(lines.has("line 899")).toBe(false);
  });

  test.each([["<saxjax> <anna> hello"], ["[x] <saxjax> <anna> hello"], ["saxjax: <anna> hello"]])(
    "knows its line in %j, as another relay quotes it",
    (quoted) => {
      const lines = new RecentLines(new FakeClock());
      lines.add("<anna> hello");
      expect(lines.hasQuoted(quoted, "saxjax")).toBe(true);
    },
  );

  test.each([
    ["<ben> <anna> hello"],
    ["<saxjax> <anna> hello again"],
    ["somebody wrote that saxjax said <anna> hello"],
    ["<anna> hello"],
  ])("does not take %j for a quote of its line", (text) => {
    const lines = new RecentLines(new FakeClock());
    lines.add("<anna> hello");
    expect(lines.hasQuoted(text, "saxjax")).toBe(false);
  });
});

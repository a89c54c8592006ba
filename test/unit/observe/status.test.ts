import { describe, expect, test } from "vitest";
import { Health } from "../../../shared/observe/health.ts";
import { Status, statusOf } from "../../../shared/observe/status.ts";
import { FakeClock } from "../../support/fake-clock.ts";

describe("statusOf()", () => {
  test("is what whoever reads it as JSON gets, with moments of the wall clock", async () => {
    const clock = new FakeClock();
    const health = new Health(clock);
    const startedAt = clock.wallNow();
    health.set("irc server", "down", "refused");
    health.attempts("irc server").wait(90_000);
    health.direction({
      name: "room-to-irc",
      needs: ["irc server"],
      outbox: {
        pending: 1,
        oldestAt: startedAt,
        lastDeliveredAt: undefined,
        stuckSince: undefined,
        fates: { delivered: 2 },
      },
    });
    health.servers(() => [
      { name: "irc.example.org:6697", failures: 2, cause: "refused", freeInMs: 30_000 },
    ]);
    await clock.advance(60_000);
    const status = statusOf(health.snapshot(), { clock, version: "1.2.3", startedAt });
    expect(Status.parse(JSON.parse(JSON.stringify(status)))).toEqual({
      version: "1.2.3",
      at: "2026-01-01T00:01:00.000Z",
      startedAt: "2026-01-01T00:00:00.000Z",
      troubles: ["irc server is down: refused"],
      links: [
        {
          name: "irc server",
          state: "down",
          detail: "refused",
          since: "2026-01-01T00:00:00.000Z",
          attempts: 0,
          attemptAt: "2026-01-01T00:01:30.000Z",
        },
      ],
      directions: [
        {
          name: "room-to-irc",
          heldUpBy: "irc server is down: refused",
          pending: 1,
          oldestAt: "2026-01-01T00:00:00.000Z",
          fates: { delivered: 2 },
        },
      ],
      ircServers: [
        {
          name: "irc.example.org:6697",
          failures: 2,
          cause: "refused",
          freeAt: "2026-01-01T00:01:30.000Z",
        },
      ],
      outbox: { inMemoryOnly: 0 },
    });
  });

  test("says how long ago something was, whatever happened to the wall clock since", async () => {
    const clock = new FakeClock();
    const health = new Health(clock);
    health.set("irc server", "up", "as saxjax");
    await clock.advance(1_000);
    clock.jump(3_600_000);
    const status = statusOf(health.snapshot(), { clock, version: "1", startedAt: 0 });
    expect(Date.parse(status.at) - Date.parse(status.links[0]?.since ?? "")).toBe(1_000);
  });
});

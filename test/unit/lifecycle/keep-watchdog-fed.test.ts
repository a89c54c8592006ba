import { describe, expect, test } from "vitest";
import { keepWatchdogFed } from "../../../shared/lifecycle/keep-watchdog-fed.ts";
import { BridgeHealth, Health } from "../../../shared/observe/health.ts";
import type { Fields } from "../../../shared/observe/logger.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { silentLog } from "../../support/silent-log.ts";

const INTERVAL = 30_000;

function start() {
  const clock = new FakeClock();
  const health = new Health(clock);
  const stop = new AbortController();
  const fedAt: number[] = [];
  const logged: { readonly event: string; readonly fields: Fields | undefined }[] = [];
  const note = (event: string, fields?: Fields) => void logged.push({ event, fields });
  const over = keepWatchdogFed({
    intervalMs: INTERVAL,
    snapshot: () => health.snapshot(),
    feed: () => fedAt.push(clock.now()),
    clock,
    log: { ...silentLog, error: note, info: note },
    signal: stop.signal,
  });
  return { clock, health, stop, fedAt, logged, over };
}

/** A direction in which something could be said from a moment on; undefined while all flows. */
function addDirection(health: Health): (stuckSince: number | undefined) => void {
  const outbox = {
    pending: 5,
    oldestAt: undefined,
    lastDeliveredAt: undefined,
    stuckSince: undefined as number | undefined,
    fates: {},
  };
  health.direction({ name: "announcements chat@conference.example.org", needs: [], outbox });
  return (stuckSince) => {
    outbox.stuckSince = stuckSince;
  };
}

describe("keepWatchdogFed()", () => {
  test("feeds at once and twice in every interval, until it is told to stop", async () => {
    const { clock, stop, fedAt, over } = start();
    await clock.advance(40_000);
    stop.abort();
    await over;
    expect(fedAt).toEqual([0, 15_000, 30_000]);
  });

  test("starves the watchdog while a direction is stuck, and says once why", async () => {
    const { clock, health, fedAt, logged } = start();
    const setStuck = addDirection(health);
    setStuck(0);
    await clock.advance(300_000);
    expect(fedAt.at(-1)).toBe(120_000);
    setStuck(undefined);
    await clock.advance(15_000);
    expect(fedAt.at(-1)).toBe(315_000);
    expect(logged).toEqual([
      {
        event: "watchdog not fed",
        fields: {
          complaints: [
            "announcements chat@conference.example.org is stuck for 135 s with 5 to say",
          ],
        },
      },
      { event: "watchdog fed again", fields: undefined },
    ]);
  });

  test("a day of trouble at the far side, and a bridge that has failed, are no reason to restart", async () => {
    const { clock, health, fedAt, logged } = start();
    const webridge = new BridgeHealth("webridge", health);
    webridge.set("xmpp a", "down", "not connected yet");
    webridge.fail("wrong password");
    health.set("irc server", "down", "banned");
    const attempts = health.attempts("irc server");
    for (let hours = 0; hours < 24; hours += 1) {
      attempts.begin();
      attempts.wait(3_600_000);
      await clock.advance(3_600_000);
    }
    expect(fedAt).toHaveLength(24 * 240 + 1);
    expect(logged).toEqual([]);
  });

  test("nothing is restarted while the disk is full: that would lose what only memory holds", async () => {
    const { clock, health, fedAt } = start();
    addDirection(health)(0);
    const outbox = { trouble: "database or disk is full", inMemoryOnly: 5 };
    health.outbox(outbox);
    await clock.advance(300_000);
    expect(fedAt.at(-1)).toBe(300_000);
    outbox.inMemoryOnly = 0;
    await clock.advance(300_000);
    expect(fedAt.at(-1)).toBe(300_000);
  });
});

import { describe, expect, test } from "vitest";
import { Counters } from "../../../shared/observe/counters.ts";
import { Health } from "../../../shared/observe/health.ts";
import { metricsOf } from "../../../shared/observe/metrics.ts";
import { formatForPrometheus } from "../../../shared/observe/prometheus.ts";
import { FakeClock } from "../../support/fake-clock.ts";

const LINK = "room chat@conference.example.org for irc";
const DIRECTION = "irc-to-room #chat chat@conference.example.org";

/** A service half of which is well, five seconds after something was heard. */
async function scene() {
  const clock = new FakeClock();
  const health = new Health(clock);
  health.set(LINK, "up", "as irc");
  health.prove(LINK, { at: () => 0, everyMs: 20_000 });
  health.set("irc server", "down", "banned");
  health.attempts("irc server").begin();
  health.servers(() => [
    { name: "irc.example.org:6697", failures: 1, cause: "banned", freeInMs: 1_500 },
  ]);
  const takenAt = clock.wallNow();
  health.direction({
    name: DIRECTION,
    needs: [],
    outbox: {
      pending: 2,
      oldestAt: takenAt,
      lastDeliveredAt: takenAt,
      stuckSince: undefined,
      fates: { delivered: 7, refused: 1 },
    },
  });
  health.outbox({ trouble: "database or disk is full", inMemoryOnly: 3 });
  const counters = new Counters();
  counters.add("messages", { direction: "irc-to-room", outcome: 'ignored: "\n\\' }, 4);
  await clock.advance(5_000);
  return metricsOf({
    snapshot: health.snapshot(),
    now: clock.now(),
    wallNow: clock.wallNow(),
    counts: new Map([["irc-relay", counters.all()]]),
    version: "1.2.3",
  });
}

describe("metrics", () => {
  test("tell all that health and the counters know, in seconds", async () => {
    const { type, body } = await formatForPrometheus(await scene());
    expect(type).toBe("text/plain; version=0.0.4; charset=utf-8");
    const samples = body.split("\n").filter((line) => line.startsWith("saxbridge_"));
    expect(samples).toEqual([
      'saxbridge_build_info{version="1.2.3"} 1',
      `saxbridge_link_up{link="${LINK}"} 1`,
      'saxbridge_link_up{link="irc server"} 0',
      `saxbridge_link_attempts{link="${LINK}"} 0`,
      'saxbridge_link_attempts{link="irc server"} 1',
      `saxbridge_link_silence_seconds{link="${LINK}"} 5`,
      'saxbridge_irc_server_left_alone_seconds{server="irc.example.org:6697"} 1.5',
      `saxbridge_direction_pending_messages{direction="${DIRECTION}"} 2`,
      `saxbridge_direction_oldest_message_age_seconds{direction="${DIRECTION}"} 5`,
      `saxbridge_direction_last_delivery_timestamp_seconds{direction="${DIRECTION}"} 1767225600`,
      `saxbridge_direction_settled_messages_total{direction="${DIRECTION}",fate="delivered"} 7`,
      `saxbridge_direction_settled_messages_total{direction="${DIRECTION}",fate="refused"} 1`,
      "saxbridge_outbox_on_disk 0",
      "saxbridge_outbox_memory_only_messages 3",
      'saxbridge_complaints{kind="deaf"} 0',
      'saxbridge_complaints{kind="idle"} 0',
      'saxbridge_complaints{kind="stuck"} 0',
      'saxbridge_messages_total{bridge="irc-relay",direction="irc-to-room",outcome="ignored: \\"\\n\\\\"} 4',
    ]);
  });

  test("have a help and a type each, and names as Prometheus wants them", async () => {
    const { body } = await formatForPrometheus(await scene());
    const types = [...body.matchAll(/^# TYPE (\S+) (\S+)$/gm)];
    expect(types.length).toBeGreaterThan(10);
    for (const [, name = "", type] of types) {
      expect(name).toMatch(/^(?:saxbridge|process)_[a-z_]+$/);
      expect(name.endsWith("_total")).toBe(type === "counter");
      expect(body).toMatch(new RegExp(`^# HELP ${name} [A-Z0-9].+\\.$`, "m"));
    }
  });
});

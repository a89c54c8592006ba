import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Counters } from "../../../shared/observe/counters.ts";
import { keepReporting } from "../../../shared/observe/keep-reporting.ts";
import type { Fields } from "../../../shared/observe/logger.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { silentLog } from "../../support/silent-log.ts";

describe("Counters", () => {
  test("counts by name and labels", () => {
    const counters = new Counters();
    counters.add("messages", { outcome: "taken" });
    counters.add("messages", { outcome: "taken" }, 2);
    counters.add("messages", { outcome: "full" });
    expect(counters.value("messages", { outcome: "taken" })).toBe(3);
    expect(counters.value("messages", { outcome: "full" })).toBe(1);
    expect(counters.value("messages", { outcome: "known" })).toBe(0);
  });

  test("a far side that thinks up new reasons makes no counts without end, and none is lost", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000 }), (reasons) => {
        const counters = new Counters();
        counters.add("refused", { why: "other", to: "other" });
        for (let i = 0; i < reasons; i += 1) counters.add("refused", { why: `${i}`, to: "room" });
        counters.add("messages", { why: "known" });
        const refused = counters.all().filter(({ name }) => name === "refused");
        expect(refused.length).toBeLessThanOrEqual(100);
        expect(refused.reduce((sum, { value }) => sum + value, 0)).toBe(reasons + 1);
        expect(counters.value("refused", { why: "other", to: "other" })).toBe(
          Math.max(1, reasons - 99 + 1),
        );
        expect(counters.value("messages", { why: "known" })).toBe(1);
      }),
    );
  });
});

describe("keepReporting()", () => {
  test("reports every hour in which something was counted", async () => {
    const { counters, clock, reports } = startReporting();
    await clock.advance(3_600_000);
    expect(reports).toEqual([]);
    counters.add("datagrams", { result: "taken" }, 2);
    counters.add("failures");
    await clock.advance(3 * 3_600_000);
    expect(reports).toEqual([{ counts: { "datagrams{result=taken}": 2, failures: 1 } }]);
    counters.add("failures");
    await clock.advance(3_600_000);
    expect(reports[1]).toEqual({ counts: { "datagrams{result=taken}": 2, failures: 2 } });
  });

  test("reports at the end, and ends then", async () => {
    const { counters, clock, stop, reports, done } = startReporting();
    counters.add("failures");
    stop.abort();
    await done;
    expect(reports).toEqual([{ counts: { failures: 1 } }]);
    expect(clock.sleeping).toBe(0);
  });
});

function startReporting() {
  const counters = new Counters();
  const clock = new FakeClock();
  const stop = new AbortController();
  const reports: Fields[] = [];
  const log = {
    ...silentLog,
    info: (_: string, fields: Fields = {}) => void reports.push(fields),
  };
  const done = keepReporting({ counters, log, clock, signal: stop.signal });
  return { counters, clock, stop, reports, done };
}

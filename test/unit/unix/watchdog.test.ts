import { describe, expect, test } from "vitest";
import { watchdogInterval } from "../../../shared/lifecycle/sd-notify.ts";

describe("watchdogInterval()", () => {
  test("is the time that systemd gives, in milliseconds", () => {
    expect(watchdogInterval({ WATCHDOG_USEC: "30000000", WATCHDOG_PID: "42" }, 42)).toBe(30_000);
    expect(watchdogInterval({ WATCHDOG_USEC: "30000000" }, 42)).toBe(30_000);
  });

  test("is undefined without a watchdog, or with one for another process", () => {
    expect(watchdogInterval({}, 42)).toBeUndefined();
    expect(watchdogInterval({ WATCHDOG_USEC: "1000000", WATCHDOG_PID: "41" }, 42)).toBeUndefined();
    for (const usec of ["0", "", "-5", "soon", "1e9"]) {
      expect(watchdogInterval({ WATCHDOG_USEC: usec }, 42)).toBeUndefined();
    }
  });
});

import { describe, expect, onTestFinished, test } from "vitest";
import { Stall } from "../../shared/stall.ts";
import { FakeClock } from "../support/fake-clock.ts";

function world() {
  const clock = new FakeClock();
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const stall = new Stall(clock);
  void stall.watch(stop.signal);
  return { clock, stop, stall };
}

describe("Stall", () => {
  test("what comes in while we run is new", async () => {
    const { clock, stall } = world();
    for (let i = 1; i <= 20; i += 1) {
      await clock.advance(700);
      expect(stall.heardUpTo).toBe(i * 700);
    }
  });

  test("after a standstill it is as old as that, until everything had time to arrive", async () => {
    const { clock, stall } = world();
    await clock.advance(10_000);
    clock.freeze(30_000);
    expect(stall.heardUpTo).toBe(10_000);
    await clock.advance(1_999);
    expect(stall.heardUpTo).toBe(10_000);
    await clock.advance(1);
    expect(stall.heardUpTo).toBe(42_000);
  });

  test("it does not matter who looks first after a standstill", async () => {
    const { clock, stall } = world();
    await clock.advance(10_000);
    clock.freeze(30_000);
    // The timers of that time ring before anything is read.
    await clock.advance(0);
    expect(stall.heardUpTo).toBe(10_000);
  });

  test("one standstill soon after another counts from the first", async () => {
    const { clock, stall } = world();
    await clock.advance(10_000);
    clock.freeze(5_000);
    await clock.advance(1_000);
    clock.freeze(5_000);
    expect(stall.heardUpTo).toBe(10_000);
    await clock.advance(2_000);
    expect(stall.heardUpTo).toBe(23_000);
  });

  test("what passed before it began to look is none: nothing can have waited for it", async () => {
    const { clock, stop, stall } = world();
    clock.freeze(5_000);
    expect(stall.heardUpTo).toBe(0);
    for (const pause of [0, 10_000]) {
      stop.abort();
      await clock.advance(pause);
      const again = new AbortController();
      void stall.watch(again.signal);
      expect(stall.heardUpTo).toBe(clock.now());
      again.abort();
    }
  });

  test("being busy for a moment is none", async () => {
    const { clock, stall } = world();
    await clock.advance(10_000);
    clock.freeze(900);
    expect(stall.heardUpTo).toBe(10_900);
  });

  test("stops looking when it is told to", async () => {
    const { clock, stop } = world();
    await clock.advance(5_000);
    stop.abort();
    await clock.advance(0);
    expect(clock.sleeping).toBe(0);
  });
});

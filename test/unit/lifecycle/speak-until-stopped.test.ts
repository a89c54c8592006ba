import { describe, expect, test } from "vitest";
import { speakUntilStopped } from "../../../shared/lifecycle/speak-until-stopped.ts";
import { FatalError } from "../../../shared/retry/keep-connected.ts";
import { FakeClock } from "../../support/fake-clock.ts";

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

interface World {
  /** How long the last words take to be confirmed. */
  readonly lastWordsMs?: number;
  readonly connectFails?: boolean;
  /** When the first word is one too many: a bug, told by an exception. */
  readonly speakFails?: "at once" | "when stopped";
}

function start({ lastWordsMs = 0, connectFails = false, speakFails }: World = {}) {
  const clock = new FakeClock();
  const stop = new AbortController();
  const events: string[] = [];
  const done = speakUntilStopped({
    clock,
    signal: stop.signal,
    async speak(signal) {
      if (speakFails === "at once") throw new Error("bug");
      await untilAborted(signal);
      events.push("mute");
      if (speakFails === "when stopped") throw new Error("bug");
      await clock.sleep(lastWordsMs);
      events.push("confirmed");
    },
    async connect(signal) {
      if (connectFails) throw new FatalError("wrong password");
      await untilAborted(signal);
      events.push("disconnect");
    },
  });
  const outcome = done.then(
    () => "ended",
    (error: unknown) => String(error),
  );
  return { clock, stop, events, outcome };
}

describe("speakUntilStopped()", () => {
  test("falls silent first, hears the last words confirmed, and only then disconnects", async () => {
    const { clock, stop, events, outcome } = start({ lastWordsMs: 500 });
    await clock.advance(60_000);
    expect(events).toEqual([]);
    stop.abort();
    await clock.advance(500);
    expect(await outcome).toBe("ended");
    expect(events).toEqual(["mute", "confirmed", "disconnect"]);
  });

  test("does not wait for long for words that nobody confirms", async () => {
    const { clock, stop, events } = start({ lastWordsMs: 10_000 });
    stop.abort();
    await clock.advance(1_999);
    expect(events).toEqual(["mute"]);
    await clock.advance(1);
    expect(events).toEqual(["mute", "disconnect"]);
  });

  test("falls silent when there is no connecting, and tells why", async () => {
    const { clock, events, outcome } = start({ connectFails: true, lastWordsMs: 100 });
    await clock.advance(100);
    expect(await outcome).toContain("wrong password");
    expect(events).toEqual(["mute", "confirmed"]);
  });

  test.each(["at once", "when stopped"] as const)(
    "disconnects when speaking fails %s, and tells why",
    async (speakFails) => {
      const { clock, stop, events, outcome } = start({ speakFails });
      await clock.advance(0);
      if (speakFails === "when stopped") stop.abort();
      await clock.advance(0);
      expect(await outcome).toBe("Error: bug");
      expect(events).toContain("disconnect");
    },
  );

  test("stops at once when it was told so before it began", async () => {
    const clock = new FakeClock();
    const seen: boolean[] = [];
    await speakUntilStopped({
      clock,
      signal: AbortSignal.abort(),
      speak: async (signal) => void seen.push(signal.aborted),
      connect: (signal) => untilAborted(signal),
    });
    expect(seen).toEqual([true]);
  });
});

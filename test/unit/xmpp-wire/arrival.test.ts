import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Arrival,
  type ArrivalEffect,
  type ArrivalEvent,
  OUTSIDE,
  step,
} from "../../../shared/xmpp/wire/arrival.ts";

const WHOLE = { isAfterCursor: true, isWhole: true };

/** All that comes of these events, each a second after the one before. */
function follow(...events: readonly ArrivalEvent[]) {
  let state: Arrival = OUTSIDE;
  const done: ArrivalEffect["do"][] = [];
  for (const [i, event] of events.entries()) {
    const [next, ...effects] = step(state, event, i * 1_000);
    state = next;
    done.push(...effects.map((effect) => effect.do));
  }
  return { at: state.at, done };
}

describe("an arrival", () => {
  test("by history ends with the subject", () => {
    expect(
      follow({ type: "inside", source: "history" }, { type: "shown" }, { type: "subject" }),
    ).toEqual({ at: "staying", done: ["wake", "wake", "begin-stay"] });
  });

  test("by history ends without a subject when the room is silent", () => {
    expect(follow({ type: "inside", source: "history" }, { type: "due" }).at).toBe("staying");
  });

  test("by archive ends when that is read", () => {
    expect(
      follow(
        { type: "inside", source: "archive" },
        { type: "subject" },
        { type: "subject" },
        { type: "read", extent: WHOLE },
      ),
    ).toEqual({ at: "staying", done: ["wake", "read-archive", "begin-stay"] });
  });

  test("begins again with the history where the archive cannot be read", () => {
    expect(
      follow({ type: "inside", source: "archive" }, { type: "due" }, { type: "unreadable" }),
    ).toEqual({ at: "outside", done: ["wake", "read-archive", "join-for-history"] });
  });

  const events: readonly ArrivalEvent[] = [
    { type: "inside", source: "history" },
    { type: "inside", source: "archive" },
    { type: "shown" },
    { type: "subject" },
    { type: "due" },
    { type: "read", extent: WHOLE },
    { type: "unreadable" },
    { type: "outside" },
  ];
  const anyEvents = fc.array(fc.constantFrom(...events));

  test("says each stay once, and nothing else of it", () => {
    fc.assert(
      fc.property(anyEvents, (some) => {
        let state: Arrival = OUTSIDE;
        for (const [i, event] of some.entries()) {
          const [next, ...effects] = step(state, event, i);
          const begins = effects.filter((effect) => effect.do === "begin-stay").length;
          expect(begins).toBe(next.at === "staying" && state.at !== "staying" ? 1 : 0);
          state = next;
        }
      }),
    );
  });

  test("always has a wake before the end of its minute while the room greets", () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 20_000 })), (pauses) => {
        let [state, ...effects] = step(OUTSIDE, { type: "inside", source: "history" }, 0);
        let now = 0;
        for (const pause of pauses) {
          const [wake] = effects;
          expect(wake).toEqual({ do: "wake", after: Math.max(0, Math.min(5_000, 60_000 - now)) });
          now += pause;
          [state, ...effects] = step(state, { type: "shown" }, now);
        }
      }),
    );
  });
});

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type KindName, kindNames, kindOf, type Subject } from "../../chaos/kinds.ts";
import { type Fault, schedule } from "../../chaos/schedule.ts";

const MINUTE = 60_000;

const options = fc.record({
  seed: fc.nat(),
  length: fc.integer({ min: 10_000, max: 15 * MINUTE }),
  kinds: fc.subarray([...kindNames], { minLength: 1 }),
});

describe("schedule()", () => {
  test("gives the same faults for the same seed, and others for another one", () => {
    const [one, again, other] = [7, 7, 8].map((seed) =>
      schedule({ seed, length: 5 * MINUTE, kinds: kindNames }),
    );
    expect(again).toEqual(one);
    expect(other).not.toEqual(one);
  });

  test("comes to every kind of fault in the long run", () => {
    const seen = new Set(
      schedule({ seed: 1, length: 300 * MINUTE, kinds: kindNames }).map(({ kind }) => kind),
    );
    expect([...kindNames].filter((kind) => !seen.has(kind))).toEqual([]);
  });

  test("has at most two faults at a time, in the order of their beginnings", () => {
    fc.assert(
      fc.property(options, (given) => {
        const faults = schedule(given);
        expect(faults).toEqual(faults.toSorted((a, b) => a.at - b.at));
        for (const { at } of faults) {
          const present = faults.filter((other) => other.at <= at && at < other.until);
          expect(present.length).toBeLessThanOrEqual(2);
        }
      }),
    );
  });

  test("never has two faults with the same in hand", () => {
    fc.assert(
      fc.property(options, (given) => {
        const faults = schedule(given);
        for (const [i, fault] of faults.entries()) {
          for (const later of faults.slice(i + 1)) {
            const shared = subjectsOf(fault).filter((subject) =>
              subjectsOf(later).includes(subject),
            );
            for (const subject of shared) {
              expect(later.at).toBeGreaterThan(fault.until + heldAfter(fault, subject));
            }
          }
        }
      }),
    );
  });

  test("leaves time to recover from every fault, and to none more than a quarter of the run", () => {
    fc.assert(
      fc.property(options, (given) => {
        for (const { kind, at, until } of schedule(given)) {
          expect(given.kinds).toContain(kind);
          expect(until + (kindOf(kind).recovery ?? 0)).toBeLessThanOrEqual(given.length);
          const [shortest] = kindOf(kind).lasts;
          expect(until - at).toBeGreaterThanOrEqual(shortest);
          expect(until - at).toBeLessThanOrEqual(Math.max(shortest, given.length / 4) + 1);
        }
      }),
    );
  });
});

function subjectsOf({ kind }: Fault): readonly Subject[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of `holds`
  return Object.keys(kindOf(kind).holds) as Subject[];
}

function heldAfter({ kind }: { readonly kind: KindName }, subject: Subject): number {
  return kindOf(kind).holds[subject] ?? 0;
}

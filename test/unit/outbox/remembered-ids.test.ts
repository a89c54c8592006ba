import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type IdSlice, RememberedIds } from "../../../shared/outbox/remembered-ids.ts";
import { FakeClock } from "../../support/fake-clock.ts";

const DAY = 86_400_000;

describe("RememberedIds", () => {
  test("knows an id for a day", () => {
    const clock = new FakeClock();
    const ids = new RememberedIds(clock);
    ids.add("one");
    clock.freeze(DAY / 2);
    ids.add("two");
    clock.freeze(DAY / 2);
    expect([ids.has("one"), ids.has("two")]).toEqual([true, true]);
    clock.freeze(1);
    expect([ids.has("one"), ids.has("two")]).toEqual([false, true]);
  });

  test("knows it for a day of this run, however somebody sets the clock", () => {
    const clock = new FakeClock();
    const ids = new RememberedIds(clock);
    ids.add("one");
    clock.jump(2 * DAY);
    expect(ids.has("one")).toBe(true);
    ids.add("two");
    clock.jump(-4 * DAY);
    expect([ids.has("one"), ids.has("two")]).toEqual([true, true]);
    clock.freeze(DAY + 1);
    expect([ids.has("one"), ids.has("two")]).toEqual([false, false]);
  });

  test("forgets what grew too old while nothing ran", () => {
    const clock = new FakeClock();
    const at = clock.wallNow();
    const stored = [
      { n: 1, at: at - DAY - 1, ids: ["old"] },
      { n: 2, at: at - 1, ids: ["young"] },
      { n: 3, at: at + DAY, ids: ["of the future"] },
    ];
    const ids = new RememberedIds(clock, stored);
    expect(["old", "young", "of the future"].map((id) => ids.has(id))).toEqual([false, true, true]);
    clock.freeze(DAY);
    expect([ids.has("young"), ids.has("of the future")]).toEqual([false, true]);
  });

  test("knows the newest 100,000, or nearly so many", () => {
    const ids = new RememberedIds(new FakeClock());
    for (let i = 0; i < 150_000; i += 1) ids.add(String(i));
    const known = Array.from({ length: 150_000 }, (_, i) => ids.has(String(i)));
    const first = known.indexOf(true);
    expect(known.slice(first)).not.toContain(false);
    expect(known.length - first).toBeLessThanOrEqual(100_000);
    expect(known.length - first).toBeGreaterThan(98_000);
  });

  test("is on disk as it is in memory, whenever that is saved and however often", () => {
    const act = fc.oneof(
      fc.record({ id: fc.integer({ min: 0, max: 20 }).map(String), after: fc.nat(DAY / 4) }),
      fc.constantFrom("save" as const, "lose the disk" as const),
    );
    fc.assert(
      fc.property(fc.array(act, { maxLength: 50 }), (acts) => {
        const clock = new FakeClock();
        const ids = new RememberedIds(clock);
        let disk: readonly IdSlice[] = [];
        const save = () => {
          const { slices, goneTo } = ids.changes();
          disk = [...disk, ...structuredClone(slices)].filter(({ n }) => n > goneTo);
          ids.saved();
        };
        for (const each of acts) {
          if (each === "save") save();
          else if (each === "lose the disk") {
            disk = [];
            ids.forgetDisk();
          } else {
            clock.freeze(each.after);
            ids.add(each.id);
          }
        }
        save();
        const again = new RememberedIds(clock, disk);
        for (let i = 0; i <= 20; i += 1) {
          expect(again.has(String(i))).toBe(ids.has(String(i)));
        }
      }),
    );
  });
});

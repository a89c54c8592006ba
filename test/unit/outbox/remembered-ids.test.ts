import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type IdSlice, RememberedIds } from "../../../shared/outbox/remembered-ids.ts";

const DAY = 86_400_000;

describe("RememberedIds", () => {
  test("knows an id for a day", () => {
    const ids = new RememberedIds();
    ids.add("one", 0);
    ids.add("two", DAY / 2);
    expect([ids.has("one", DAY), ids.has("two", DAY)]).toEqual([true, true]);
    expect([ids.has("one", DAY + 1), ids.has("two", DAY + 1)]).toEqual([false, true]);
  });

  test("knows the newest 100,000, or nearly so many", () => {
    const ids = new RememberedIds();
    for (let i = 0; i < 150_000; i += 1) ids.add(String(i), 0);
    const known = Array.from({ length: 150_000 }, (_, i) => ids.has(String(i), 0));
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
        const ids = new RememberedIds();
        let disk: readonly IdSlice[] = [];
        let now = 0;
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
            now += each.after;
            ids.add(each.id, now);
          }
        }
        save();
        const again = new RememberedIds(disk);
        for (let i = 0; i <= 20; i += 1) {
          expect(again.has(String(i), now)).toBe(ids.has(String(i), now));
        }
      }),
    );
  });
});

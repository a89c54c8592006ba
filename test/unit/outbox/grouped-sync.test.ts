import { describe, expect, test } from "vitest";
import { GroupedSync } from "../../../shared/outbox/grouped-sync.ts";

/** A disk that is done when the test says so. */
function heldDisk() {
  const waits: ((error?: Error) => void)[] = [];
  const outcomes: (Error | undefined)[] = [];
  const sync = new GroupedSync(
    (done) => waits.push(done),
    (error) => outcomes.push(error),
  );
  return { sync, waits, outcomes };
}

describe("GroupedSync", () => {
  test("calls back after a wait that began after the request, and waits once for many", () => {
    const { sync, waits } = heldDisk();
    const done: number[] = [];
    sync.request([() => done.push(1)]);
    sync.request([() => done.push(2)]);
    sync.request([() => done.push(3), () => done.push(4)]);
    expect(waits).toHaveLength(1);
    waits[0]?.();
    expect(done).toEqual([1]);
    expect(waits).toHaveLength(2);
    waits[1]?.();
    expect(done).toEqual([1, 2, 3, 4]);
    expect(waits).toHaveLength(2);
  });

  test("calls back also when the disk fails, and says that it did", () => {
    const { sync, waits, outcomes } = heldDisk();
    const done: number[] = [];
    sync.request([() => done.push(1)]);
    const error = new Error("EIO");
    waits[0]?.(error);
    sync.request();
    waits[1]?.();
    expect(done).toEqual([1]);
    expect(outcomes).toEqual([error, undefined]);
  });

  test("may be asked again by whom it calls back", () => {
    const { sync, waits } = heldDisk();
    const done: number[] = [];
    sync.request([() => sync.request([() => done.push(1)])]);
    waits[0]?.();
    expect(waits).toHaveLength(2);
    waits[1]?.();
    expect(done).toEqual([1]);
  });
});

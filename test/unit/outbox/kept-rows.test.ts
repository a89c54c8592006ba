import { expect, test } from "vitest";
import { KeptRows } from "../../../shared/outbox/kept-rows.ts";

const rowsOf = (count: number) => {
  const kept = new KeptRows({ queue: "q" });
  for (let seq = 1; seq <= count; seq += 1) {
    kept.add({ seq, queue: "q", id: "", at: 0, value: "{}" });
  }
  return kept;
};

test("KeptRows settles a long queue in a time that grows with its length alone", () => {
  const kept = rowsOf(100_000);
  const began = performance.now();
  for (let seq = 1; seq <= 100_000; seq += 1) kept.settle(seq, seq + 1);
  // A tenth of a second where each step is short, and three where each looks for the first that is left.
  expect(performance.now() - began).toBeLessThan(1_000);
  expect(kept.count).toBe(0);
});

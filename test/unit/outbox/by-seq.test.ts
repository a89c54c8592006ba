import * as fc from "fast-check";
import { expect, test } from "vitest";
import { BySeq } from "../../../shared/outbox/by-seq.ts";

test("BySeq finds what a sorted list would, whatever is added and removed", () => {
  const act = fc.record({
    does: fc.constantFrom("add", "add", "remove", "look"),
    n: fc.nat({ max: 400 }),
  });
  fc.assert(
    fc.property(fc.array(act, { maxLength: 400, size: "max" }), (acts) => {
      const bySeq = new BySeq<string>();
      let model: number[] = [];
      let last = 0;
      for (const { does, n } of acts) {
        if (does === "add") {
          last += 1 + (n % 3);
          bySeq.add(last, `${last}`);
          model.push(last);
        } else if (does === "remove") {
          const seq = model[n % 20] ?? n;
          bySeq.remove(seq);
          model = model.filter((each) => each !== seq);
        }
        const next = model.find((seq) => seq > n);
        expect(bySeq.after(n)).toBe(next === undefined ? undefined : `${next}`);
        expect([bySeq.oldest, bySeq.size]).toEqual([model[0]?.toString(), model.length]);
      }
      expect([...bySeq.all()]).toEqual(model.map(String));
    }),
  );
});

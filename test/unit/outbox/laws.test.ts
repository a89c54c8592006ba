import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Fate } from "../../../shared/outbox/journal.ts";
import { type Act, Life, type Rules, SUMMARY } from "../../support/outbox-life.ts";

/** How many lives each law is looked for in. */
const LIVES = 200;

const few = fc.nat({ max: 4 });
const anyAct: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      act: fc.constant("put" as const),
      size: fc.nat({ max: 20 }),
      hasId: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ act: fc.constant("late put" as const), age: fc.nat({ max: 20_000 }) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ act: fc.constantFrom("write", "hear", "answer"), count: few }),
  },
  {
    weight: 8,
    arbitrary: fc.record({ act: fc.constantFrom("flush", "sync", "send", "open", "refuse") }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ act: fc.constantFrom("cut", "crash", "stop"), arrive: few }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ act: fc.constant("pass" as const), ms: fc.nat({ max: 4_000 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      act: fc.constant("jump" as const),
      ms: fc.integer({ min: -20_000, max: 20_000 }),
    }),
  },
);
/** What was on its way may overtake what has to wait. */
const anyActOrWait = fc.oneof(
  { weight: 20, arbitrary: anyAct },
  fc.constant<Act>({ act: "ask to wait" }),
);

const anyRules: fc.Arbitrary<Rules> = fc.record({
  whenUncertain: fc.constantFrom("say-again", "let-go"),
  toDisk: fc.constantFrom("before-said", "when-said"),
  isPaced: fc.boolean(),
});

/** Lives through the acts and to a good end, and then looks at what was. */
async function live(rules: Rules, acts: readonly Act[]) {
  const life = new Life(rules);
  for (const act of acts) await life.perform(act);
  await life.finish();
  const heard = life.world.heard.map(({ value }) => value);
  const { breaches, world, journal } = life;
  return { heard, breaches, said: world.said, fates: journal.fates };
}

function lives(
  acts: fc.Arbitrary<Act>,
  look: (what: Awaited<ReturnType<typeof live>>, rules: Rules) => void,
) {
  return fc.asyncProperty(
    anyRules,
    fc.array(acts, { maxLength: 80, size: "max" }),
    async (rules, all) => look(await live(rules, all), rules),
  );
}

const texts = (fates: readonly Fate[], code?: string) =>
  fates.filter((fate) => code === undefined || fate.code === code).map(({ text }) => text);
const numberOf = (value: string) => Number(/^#(\d+)/.exec(value)?.[1] ?? Number.NaN);
const isRising = (numbers: readonly number[]) =>
  numbers.every((n, i) => i === 0 || n > (numbers[i - 1] ?? 0));

describe("an outbox and its drain, through breaks, crashes and clock jumps", () => {
  test("settle every entry exactly once, and nothing is heard that was not written down", () =>
    fc.assert(
      lives(anyActOrWait, ({ heard, fates }) => {
        const settled = fates.map(({ id, text }) => `${id} ${text}`);
        expect(new Set(settled).size).toBe(settled.length);
        expect(heard.filter((value) => !texts(fates).includes(value))).toEqual([]);
      }),
      { numRuns: LIVES },
    ));

  test("say nothing twice, and hide nothing that was heard", () =>
    fc.assert(
      lives(anyActOrWait, ({ heard, fates }) => {
        const words = heard.filter((value) => !SUMMARY.test(value));
        expect(new Set(words).size).toBe(words.length);
        const honest = ["delivered", "uncertain", "refused: poison"];
        const told = new Set(honest.flatMap((code) => texts(fates, code)));
        expect(words.filter((value) => !told.has(value))).toEqual([]);
      }),
      { numRuns: LIVES },
    ));

  test("lose nothing: what counts as delivered was heard, and what is uncertain has no memory to ask", () =>
    fc.assert(
      lives(anyActOrWait, ({ heard, fates }, { whenUncertain }) => {
        expect(texts(fates, "delivered").filter((value) => !heard.includes(value))).toEqual([]);
        const never = whenUncertain === "say-again" ? "uncertain" : "refused: poison";
        expect(texts(fates, never)).toEqual([]);
      }),
      { numRuns: LIVES },
    ));

  test("keep the order in which entries were taken, and say again in the same order", () =>
    fc.assert(
      lives(anyAct, ({ heard, said }) => {
        expect(said.filter((seqs) => !isRising(seqs))).toEqual([]);
        const numbers = heard.map(numberOf).filter((n) => !Number.isNaN(n));
        expect(isRising(numbers)).toBe(true);
      }),
      { numRuns: LIVES },
    ));

  test("declare in the summaries that come through just what they left out", () =>
    fc.assert(
      lives(anyActOrWait, ({ fates }) => {
        const declared = { "too many": 0, "too old": 0 };
        for (const text of texts(fates, "delivered")) {
          const [, count, why] = SUMMARY.exec(text) ?? [];
          if (why === "too many" || why === "too old") declared[why] += Number(count);
        }
        expect(declared).toEqual({
          "too many": texts(fates, "left out").length,
          "too old": texts(fates, "expired").length,
        });
      }),
      { numRuns: LIVES },
    ));

  test("stay within their bounds of number, length and age", () =>
    fc.assert(
      lives(anyActOrWait, ({ breaches }) => {
        expect(breaches).toEqual([]);
      }),
      { numRuns: LIVES },
    ));
});

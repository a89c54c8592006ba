import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { kindNames, kindOf } from "../chaos/kinds.ts";
import { plant, plantNames } from "../chaos/plants.ts";
import { schedule } from "../chaos/schedule.ts";
import { chaos } from "../support/chaos.ts";

const SEEDS = [2039, 635, 397];
const SECONDS = 75;
const MINUTE = 60_000;

describe("while servers die, hang and lose connections", () => {
  test("the seeds come to every kind of fault from which the program is soon back", () => {
    const kinds = SEEDS.flatMap((seed) =>
      schedule({ seed, length: SECONDS * 1_000, kinds: kindNames }).map(({ kind }) => kind),
    );
    const missing = kindNames.filter((kind) => !kinds.includes(kind));
    expect(missing.every((kind) => kindOf(kind).recovery !== undefined)).toBe(true);
  });

  test("every bug that can be planted fits the program as it is", async () => {
    const copy = await mkdtemp(join(tmpdir(), "saxbridge-plants-"));
    onTestFinished(() => rm(copy, { recursive: true }));
    await cp(new URL("../../dist", import.meta.url), copy, { recursive: true });
    for (const name of plantNames) await expect(plant(name, copy)).resolves.toBeUndefined();
  });

  test.concurrent.each(SEEDS)(
    "every number is heard once and in order, or declared lost: seed %i",
    async (seed) => {
      const { code, output } = await chaos("--seed", String(seed), "--seconds", String(SECONDS));
      expect(code === 0 ? "kept" : output).toBe("kept");
    },
    8 * MINUTE,
  );
});

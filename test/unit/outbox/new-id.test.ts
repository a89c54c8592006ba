import * as fc from "fast-check";
import { expect, test } from "vitest";
import { systemClock } from "../../../shared/clock.ts";
import { newId } from "../../../shared/outbox/new-id.ts";

test("newId() never gives the same id twice", () => {
  const ids = Array.from({ length: 10_000 }, () => newId(systemClock));
  expect(new Set(ids).size).toBe(ids.length);
});

test("newId() is letters and digits, whatever time and chance are", () => {
  const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(fc.nat(), chance, (wall, random) => {
      const id = newId({ ...systemClock, wallNow: () => wall, random: () => random });
      expect(id).toMatch(/^[0-9a-z]{27,40}$/);
    }),
  );
});

test("newId() differs for entries of one moment by chance, and for equal chance by the moment", () => {
  const at = (wall: number, random: number) =>
    newId({ ...systemClock, wallNow: () => wall, random: () => random });
  expect(at(1, 0.5)).not.toBe(at(1, 0.25));
  expect(at(1, 0.5)).not.toBe(at(2, 0.5));
});

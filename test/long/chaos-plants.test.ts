import { describe, expect, test } from "vitest";
import { chaos } from "../support/chaos.ts";

const MINUTE = 60_000;

describe("the chaos suite", () => {
  test.concurrent.each([
    ["settle-early", "hole-xmpp,kill-xmpp", "undeclared lost"],
    ["cursor-early", "kill-daemon,reset-xmpp", "undeclared lost"],
    ["echo-by-nick", "take-room-nick", "undeclared lost"],
  ])(
    "finds the planted bug %s",
    async (plant, faults, what) => {
      const words = ["--seed", "1", "--seconds", "60", "--plant", plant, "--faults", faults];
      const { code, output } = await chaos(...words);
      expect(output).toContain(`${what} (`);
      expect(code).toBe(1);
    },
    8 * MINUTE,
  );
});

import { describe, expect, test } from "vitest";
import type { Account } from "../../../bench/outage/account.ts";
import type { Outage } from "../../../bench/outage/options.ts";
import {
  findFaults,
  formatOutages,
  formatWelcomes,
  type OutageResult,
} from "../../../bench/outage/report.ts";

const killed: Outage = { server: "xmpp", fault: "killed", seconds: 15 };

const ten: Account = { said: 10, heard: 10, lost: 0, doubled: 0, reordered: 0 };

function result(round: number, relay: string, more: Partial<OutageResult> = {}): OutageResult {
  return {
    round,
    relay,
    outage: killed,
    meanwhile: ten,
    all: [ten, ten],
    openMs: 500,
    liveIntoMs: 1_000,
    liveOutOfMs: 2_000,
    listenerMs: undefined,
    ...more,
  };
}

describe("formatOutages()", () => {
  test("adds messages up over the rounds, and shows the median of times", () => {
    const report = formatOutages([
      result(1, "ours"),
      result(2, "ours", { liveIntoMs: 3_000 }),
      result(3, "ours", { liveIntoMs: 1_500 }),
    ]);
    expect(report.split("\n").at(-1)).toBe(
      "| Prosody killed for 15 s | ours | 30 | 30 | 0 | 0 | 0 | 0 " +
        "| 0.5 (0.5 to 0.5) | 1.5 (1 to 3) | 2 (2 to 2) |",
    );
  });

  test("tells what was lost meanwhile from what was lost before and after", () => {
    const lossy: Account = { said: 10, heard: 7, lost: 3, doubled: 1, reordered: 2 };
    const report = formatOutages([result(1, "theirs", { meanwhile: lossy, all: [lossy, lossy] })]);
    expect(report).toContain("| theirs | 10 | 7 | 3 | 3 | 2 | 4 |");
  });

  test("says how often something never came", () => {
    const never = { openMs: undefined, liveIntoMs: undefined };
    const report = formatOutages([
      result(1, "theirs", never),
      result(2, "theirs", { ...never, openMs: 1 }),
    ]);
    expect(report).toContain("| 0.001; never in 1 of 2 | never | 2 (2 to 2) |");
  });

  test("has a row for each relay in each outage", () => {
    const frozen: Outage = { server: "irc", fault: "frozen", seconds: 120 };
    const rows = formatOutages([
      result(1, "ours"),
      result(1, "theirs"),
      result(1, "ours", { outage: frozen }),
      result(2, "ours"),
    ]).split("\n");
    expect(rows.slice(2).map((row) => row.split(" | ").slice(0, 2))).toEqual([
      ["| Prosody killed for 15 s", "ours"],
      ["| Prosody killed for 15 s", "theirs"],
      ["| InspIRCd frozen for 120 s", "ours"],
    ]);
  });
});

describe("formatWelcomes()", () => {
  test("speaks of the servers that were killed", () => {
    expect(formatWelcomes([result(1, "ours"), result(2, "ours", { listenerMs: 250 })])).toBe(
      "Prosody lets in who asks as soon as it listens after 0.25 s.\n",
    );
  });
});

describe("findFaults()", () => {
  test("tells what was lost meanwhile, doubled or reordered, and no more", () => {
    const lost = { ...ten, heard: 9, lost: 1 };
    expect(findFaults([result(1, "ours", { all: [ten, lost] })])).toEqual([]);
    expect(findFaults([result(2, "ours", { meanwhile: lost, all: [lost, ten] })])).toEqual([
      "round 2, Prosody killed for 15 s, ours: 1 lost, 0 doubled, 0 reordered",
    ]);
  });
});

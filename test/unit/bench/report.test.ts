import { describe, expect, test } from "vitest";
import { formatFaults, formatReport } from "../../../bench/report.ts";
import { busyTable, type Result } from "../../../bench/result.ts";

const NAMES = ["raw sockets", "saxbridge-memory", "saxbridge"];

function result(
  round: number,
  candidate: string,
  value: number,
  faults: readonly string[] = [],
): Result {
  return {
    round,
    candidate,
    figures: [
      { table: "Relay", name: "start-up", unit: "ms", value },
      { table: busyTable, name: "bridge", unit: "% of a core", value: 50 },
    ],
    faults,
  };
}

describe("formatReport()", () => {
  test("shows medians, their range, and ratios of the same round", () => {
    const report = formatReport(
      [
        result(1, "saxbridge", 100),
        result(1, "raw sockets", 50),
        result(2, "raw sockets", 1_000),
        result(2, "saxbridge", 4_000),
        result(3, "saxbridge", 90),
        result(3, "raw sockets", 30),
      ],
      NAMES,
    );
    expect(report).toContain(
      "| start-up, ms | 50 (30 to 1,000) | 100 (90 to 4,000) | 3 (2 to 4) |",
    );
  });

  test("compares the product with each of the others, in the order of the candidates", () => {
    const report = formatReport(
      [result(1, "saxbridge", 60), result(1, "raw sockets", 10), result(1, "saxbridge-memory", 40)],
      NAMES,
    );
    expect(report).toContain(
      "| Relay | raw sockets | saxbridge-memory | saxbridge | " +
        "saxbridge / raw sockets | saxbridge / saxbridge-memory |",
    );
    expect(report).toContain("| start-up, ms | 10 | 40 | 60 | 6 | 1.5 |");
  });

  test("shows the value alone after one round, and only who was measured", () => {
    const report = formatReport([result(1, "saxbridge", 12.345)], NAMES);
    expect(report).toContain("| start-up, ms | 12.3 |");
  });

  test("makes no ratio of how busy somebody was", () => {
    const report = formatReport([result(1, "saxbridge", 1), result(1, "raw sockets", 1)], NAMES);
    expect(report).toContain("| bridge, % of a core | 50 | 50 |");
    expect(report).toContain(`| ${busyTable} | raw sockets | saxbridge |\n`);
  });
});

describe("formatFaults()", () => {
  test("says in which round and for whom something went wrong", () => {
    const results = [
      result(1, "saxbridge", 1),
      result(2, "raw sockets", 1, ["burst: 1 of 5 lost"]),
    ];
    expect(formatFaults(results)).toEqual(["round 2, raw sockets: burst: 1 of 5 lost"]);
  });
});

import { expect, test } from "vitest";
import { formatOutcome, isKept } from "../../chaos/report.ts";
import type { Outcome } from "../../chaos/run.ts";

const account = {
  name: "site to room",
  queue: "webridge ",
  sent: 10,
  heard: 9,
  declaredLost: [],
  unobservable: 0,
  offences: [],
  longestWait: 12_300,
  longestBlind: { since: 1_000, until: 1_800 },
};

const outcome: Outcome = {
  accounts: [account],
  inflicted: [{ kind: "kill-irc", since: 0, until: 1 }],
  leftOut: ["full-disk"],
  missed: 2,
  longestWrite: 1.23,
  pending: 0,
  deaths: 0,
  settledAfter: 3_000,
};

const offence = {
  what: "doubled",
  tag: "p",
  number: 4,
  saidAt: 0,
  heardAt: [1, 2],
} as const;

test("the table has a row for each way and a column for each thing that counts", () => {
  const text = formatOutcome({ ...outcome, accounts: [{ ...account, offences: [offence] }] });
  expect(text).toContain("| site to room | 10 | 9 | 1 | 0 | 0 | 0 | 0 | 0 | 12.3 s | 0.8 s |");
  expect(text).toContain("Faults: 1 kill-irc; 2 found nothing to be inflicted on");
  expect(text).toContain("Left out, because this system does not let us: full-disk");
});

test.each([
  ["an offence", { accounts: [{ ...account, offences: [offence] }] }],
  ["a site that had to wait", { longestWrite: 51 }],
  ["what is not settled in the end", { pending: 1 }],
  ["a program that does not answer", { pending: undefined }],
  ["a program that ended by itself", { deaths: 1 }],
])("the promise is broken by %s", (_, changes: Partial<Outcome>) => {
  expect(isKept(outcome)).toBe(true);
  expect(isKept({ ...outcome, ...changes })).toBe(false);
});

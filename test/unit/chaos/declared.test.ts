import { describe, expect, test } from "vitest";
import {
  linesOf,
  mayBeUnheard,
  wasDeaf,
  wasMute,
  wasRefused,
} from "../../../bridges/irc-relay/ledger.ts";
import { readDeclarations } from "../../chaos/declared.ts";

const at = (text: string) => Date.parse(`2026-11-20T${text}Z`);
const HEARD = at("13:00:00");

describe("readDeclarations()", () => {
  test("reads a time of which all may be missing", () => {
    const line =
      "*** saxbridge: Away from #chan from 2026-11-20 12:00:05 to 12:00:09 UTC: what was said there meanwhile is missing here";
    expect(readDeclarations(line, HEARD)).toEqual([
      {
        shown: { since: at("12:00:05"), until: at("12:00:09") },
        count: undefined,
        of: "to here",
        text: line,
      },
    ]);
  });

  test("reads how many may not have been heard, and how many were left out", () => {
    const line =
      "*** saxbridge: Away from here from 2026-11-20 23:59:50 to 2026-11-21 00:01:00 UTC: 20 messages said late, 1 message may not have been heard, 3 messages left out";
    const shown = { since: at("23:59:50"), until: at("00:01:00") + 86_400_000 };
    expect(readDeclarations(line, HEARD)).toEqual([
      { shown, count: 1, of: "to here", text: line },
      { shown, count: 3, of: "to here", text: line },
    ]);
  });

  test.each(["message", "announcement"])("reads a summary of what was left out: %ss", (what) => {
    const line = `(2 ${what}s since 2026-11-20T12:00:00.000Z were left out: too many at once)`;
    expect(readDeclarations(line, HEARD)).toMatchObject([
      { shown: { since: at("12:00:00"), until: HEARD }, count: 2 },
    ]);
  });

  test("reads what the relay writes", () => {
    const span = { since: at("12:00:00"), until: at("12:01:00") };
    const gap = { ...span, missed: 4, leftOut: 2, isComplete: false };
    const ledger = [
      wasMute(span),
      mayBeUnheard(at("12:00:30")),
      wasDeaf(gap),
      wasRefused(at("12:00:40"), "404"),
    ].reduce((before, change) => change(before), {});
    const read = linesOf(ledger, "#chan").flatMap((line) => readDeclarations(line, HEARD));
    expect(read).toMatchObject([
      { count: 1, of: "to here" },
      { count: undefined, of: "to here" },
      { count: 2, of: "to here" },
      { count: 1, of: "from here" },
    ]);
  });

  test("takes nothing that people say for it", () => {
    expect(readDeclarations("#p.1; said on the site", HEARD)).toEqual([]);
    expect(readDeclarations("I was away from here for 2 messages", HEARD)).toEqual([]);
  });
});

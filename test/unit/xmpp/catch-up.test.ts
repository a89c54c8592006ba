import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CatchUp } from "../../../shared/xmpp/catch-up.ts";
import type { Speech } from "../../../shared/xmpp/wire/message.ts";

const NOON = Date.UTC(2026, 0, 1, 12);

function speech(body: string, { ids = true, stamp = NOON } = {}): Speech {
  return {
    kind: "speech",
    nick: "anna",
    id: `client ${body}`,
    originId: undefined,
    stanzaId: ids ? `room ${body}` : undefined,
    body,
    action: false,
    delay: { stamp, byRoom: true },
  };
}

function missedOf(catchUp: CatchUp): readonly string[] {
  return catchUp
    .takeShown(NOON)
    .filter(({ missed }) => missed)
    .map(({ speech: { body } }) => body);
}

describe("CatchUp", () => {
  test("has missed nothing before the first time in the room", () => {
    const catchUp = new CatchUp();
    expect(catchUp.since).toBeUndefined();
    catchUp.show(speech("old"));
    expect(catchUp.takeShown(NOON)).toMatchObject([{ speech: { body: "old" }, missed: false }]);
  });

  test.each([true, false])("has missed what follows the last thing heard (ids: %s)", (ids) => {
    const catchUp = new CatchUp();
    catchUp.begin(NOON);
    catchUp.hear(speech("heard", { ids }), NOON);
    expect(catchUp.since).toBe(NOON);
    for (const body of ["older", "heard", "new", "newer"]) catchUp.show(speech(body, { ids }));
    expect(missedOf(catchUp)).toEqual(["new", "newer"]);
  });

  test("goes by the room's stamps where the last thing heard is not shown", () => {
    const catchUp = new CatchUp();
    catchUp.begin(NOON + 500);
    catchUp.show(speech("older", { stamp: NOON - 1_000 }));
    // Stamps name the second only: this may have been said after we came.
    catchUp.show(speech("same second", { stamp: NOON }));
    catchUp.show(speech("later", { stamp: NOON + 60_000 }));
    expect(missedOf(catchUp)).toEqual(["same second", "later"]);
  });

  test("has missed what was said since the beginning, but for its first second", () => {
    const catchUp = new CatchUp(NOON + 500);
    expect(catchUp.since).toBeGreaterThan(NOON);
    catchUp.show(speech("before", { stamp: NOON }));
    catchUp.show(speech("after", { stamp: NOON + 1_000 }));
    expect(missedOf(catchUp)).toEqual(["after"]);
  });

  test("shows nothing twice", () => {
    const catchUp = new CatchUp();
    catchUp.show(speech("once"));
    expect(catchUp.takeShown(NOON)).toHaveLength(1);
    expect(catchUp.takeShown(NOON)).toEqual([]);
  });

  test("has missed nothing that it was shown before, however often we were away", () => {
    const catchUp = new CatchUp();
    catchUp.hear(speech("heard"), NOON);
    for (const body of ["heard", "missed"]) catchUp.show(speech(body));
    expect(missedOf(catchUp)).toEqual(["missed"]);
    for (const body of ["heard", "missed", "missed, too"]) catchUp.show(speech(body));
    expect(missedOf(catchUp)).toEqual(["missed, too"]);
  });

  test("goes by when it was shown the last thing where that is not shown again", () => {
    const catchUp = new CatchUp();
    catchUp.begin(NOON - 60_000);
    catchUp.show(speech("missed", { stamp: NOON - 30_000 }));
    expect(missedOf(catchUp)).toEqual(["missed"]);
    expect(catchUp.since).toBe(NOON);
    catchUp.show(speech("between", { stamp: NOON - 20_000 }));
    catchUp.show(speech("later", { stamp: NOON + 1_000 }));
    expect(missedOf(catchUp)).toEqual(["later"]);
  });

  test("keeps nothing of a greeting that broke off", () => {
    const catchUp = new CatchUp();
    catchUp.hear(speech("heard"), NOON);
    for (const body of ["heard", "missed"]) catchUp.show(speech(body));
    catchUp.startOver();
    for (const body of ["heard", "missed", "missed, too"]) catchUp.show(speech(body));
    expect(missedOf(catchUp)).toEqual(["missed", "missed, too"]);
  });

  test("remembers the newest thousand of what it is shown, and says when that is not all", () => {
    const catchUp = new CatchUp();
    catchUp.hear(speech("heard"), NOON);
    const kept = Array.from({ length: 1_200 }, (_, n) => catchUp.show(speech(`${n}`)));
    expect(kept.filter((isAll) => !isAll)).toHaveLength(200);
    const missed = missedOf(catchUp);
    expect([missed.length, missed.at(-1)]).toEqual([1_000, "1199"]);
  });

  test("has missed nothing while nobody was to listen", () => {
    const catchUp = new CatchUp();
    catchUp.hear(speech("heard"), NOON);
    catchUp.forget();
    catchUp.show(speech("heard"));
    catchUp.show(speech("not for us"));
    expect(missedOf(catchUp)).toEqual([]);
  });

  test("with what was heard makes up all that was said, whenever we were away", () => {
    fc.assert(
      fc.property(fc.nat({ max: 30 }), fc.nat({ max: 30 }), fc.nat({ max: 30 }), (a, b, back) => {
        const said = Array.from({ length: a + b + 1 }, (_, n) => `${n}`);
        const catchUp = new CatchUp();
        const heard = said.slice(0, a + 1);
        for (const body of heard) catchUp.hear(speech(body), NOON);
        for (const body of said.slice(Math.max(0, a - back))) catchUp.show(speech(body));
        expect([...heard, ...missedOf(catchUp)]).toEqual(said);
      }),
    );
  });
});

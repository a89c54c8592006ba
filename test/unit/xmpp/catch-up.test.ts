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
    .takeShown()
    .filter(({ missed }) => missed)
    .map(({ speech: { body } }) => body);
}

describe("CatchUp", () => {
  test("has missed nothing before the first time in the room", () => {
    const catchUp = new CatchUp();
    expect(catchUp.since).toBeUndefined();
    catchUp.show(speech("old"));
    expect(catchUp.takeShown()).toMatchObject([{ speech: { body: "old" }, missed: false }]);
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
    expect(catchUp.takeShown()).toHaveLength(1);
    expect(catchUp.takeShown()).toEqual([]);
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

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Notes } from "../../../shared/outbox/journal.ts";
import { CatchUp, type CatchUpBounds } from "../../../shared/xmpp/catch-up.ts";
import type { Extent } from "../../../shared/xmpp/wire/arrival.ts";
import { toldOf } from "../../../shared/xmpp/wire/cursor.ts";
import type { Speech } from "../../../shared/xmpp/wire/message.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { fakeNotes } from "../../support/fake-notes.ts";

const MINUTE = 60_000;
const MIDNIGHT = Date.UTC(2026, 0, 1);
const HISTORY: Extent = { isAfterCursor: false, isWhole: true };
const ARCHIVE: Extent = { isAfterCursor: true, isWhole: true };

function speech(body: string, { ids = true, stamp = MIDNIGHT, nick = "anna" } = {}): Speech {
  return {
    kind: "speech",
    nick,
    id: `client ${body}`,
    originId: undefined,
    stanzaId: ids ? `room ${body}` : undefined,
    body,
    action: false,
    delay: { stamp, byRoom: true },
  };
}

/** Somebody who hears a room; again and again with the same notes, they are one whose program restarts. */
function listener(
  notes: Notes = fakeNotes(),
  { since, ...bounds }: Partial<CatchUpBounds> & { readonly since?: number } = {},
) {
  const clock = new FakeClock();
  const catchUp = new CatchUp({
    notes,
    name: "cursor",
    bounds: { maxAgeMs: 60 * MINUTE, most: 1_000, ...bounds },
    since,
    heardUpTo: () => clock.now(),
    clock,
  });
  const hear = (...bodies: readonly string[]) => {
    for (const body of bodies) catchUp.hear(toldOf(speech(body)));
  };
  const show = (...bodies: readonly string[]) => {
    for (const body of bodies) catchUp.show(speech(body));
  };
  /** Comes in, with what was shown by then. */
  const comeBack = (extent: Extent = HISTORY) => {
    const { gap, retold } = catchUp.comeBack(extent, ({ nick }) => nick === "me");
    catchUp.keep();
    catchUp.startOver();
    return { gap, told: retold.filter(({ isOld }) => !isOld).map((each) => each.speech.body) };
  };
  return { clock, catchUp, hear, show, comeBack, notes };
}

describe("CatchUp", () => {
  test("has missed nothing before the first time in the room", () => {
    const { show, comeBack } = listener();
    show("old");
    expect(comeBack()).toEqual({ gap: undefined, told: [] });
  });

  test("has missed what was said since it wanted to be in the room, which is no gap", () => {
    const { catchUp, comeBack, notes } = listener(fakeNotes(), { since: MIDNIGHT });
    catchUp.show(speech("before", { stamp: MIDNIGHT - 1_000 }));
    catchUp.show(speech("since", { stamp: MIDNIGHT }));
    expect(comeBack()).toEqual({ gap: undefined, told: ["since"] });
    const { show, comeBack: comeAgain } = listener(notes, { since: MIDNIGHT + MINUTE });
    show("since", "missed");
    expect(comeAgain().told).toEqual(["missed"]);
  });

  test.each([HISTORY, ARCHIVE])("goes on after a restart where it was, by %o", (extent) => {
    const { notes, hear } = listener();
    hear("heard");
    const { show, comeBack } = listener(notes);
    if (extent === HISTORY) show("older", "heard");
    show("new", "newer");
    const { gap, told } = comeBack(extent);
    expect(told).toEqual(["new", "newer"]);
    expect(gap).toMatchObject({ missed: 2, leftOut: 0, isComplete: true });
  });

  test("knows the last thing heard without any id of the room's", () => {
    const { catchUp, comeBack } = listener();
    const [older, heard, newer] = ["older", "heard", "new"].map((body) =>
      speech(body, { ids: false }),
    );
    if (heard !== undefined) catchUp.hear(toldOf(heard));
    for (const each of [older, heard, newer]) if (each !== undefined) catchUp.show(each);
    const { gap, told } = comeBack();
    expect([told, gap?.isComplete]).toEqual([["new"], true]);
  });

  test("knows the last thing heard also where the archive calls it by another name now", () => {
    const { catchUp, hear, comeBack } = listener();
    hear("older", "heard");
    for (const body of ["older", "heard", "new"]) {
      catchUp.show({ ...speech(body), stanzaId: `renamed ${body}` });
    }
    expect(comeBack().told).toEqual(["new"]);
  });

  test("does not rely on words without any id: they may have been said again meanwhile", () => {
    const { catchUp, comeBack } = listener();
    const words = { ...speech("well", { ids: false }), id: undefined };
    catchUp.hear(toldOf(words));
    catchUp.show(words);
    catchUp.show(speech("missed"));
    const { gap, told } = comeBack();
    expect([told, gap?.isComplete]).toEqual([["missed"], false]);
  });

  test("hears what others said before somebody who spoke last repeats himself", () => {
    const { catchUp, comeBack } = listener();
    for (const body of ["one", "bye"]) catchUp.hear(toldOf(speech(body, { ids: false })));
    for (const [body, stamp] of [
      ["one", MIDNIGHT],
      ["bye", MIDNIGHT],
      ["accusation", MIDNIGHT + MINUTE],
      ["bye", MIDNIGHT + 5 * MINUTE],
    ] as const) {
      catchUp.show(speech(body, { ids: false, stamp }));
    }
    const { gap, told } = comeBack();
    expect(told).toEqual(["accusation", "bye"]);
    expect(gap).toMatchObject({ missed: 2, isComplete: false });
  });

  test("is told all that was said since, whatever is said again", () => {
    const words = fc.array(fc.constantFrom("yes", "no", "perhaps"), { minLength: 1 });
    fc.assert(
      fc.property(words, words, (heard, missed) => {
        const { catchUp, comeBack } = listener();
        for (const body of heard) catchUp.hear(toldOf(speech(body, { ids: false })));
        for (const body of heard) catchUp.show(speech(body, { ids: false }));
        const later = { ids: false, stamp: MIDNIGHT + MINUTE };
        for (const body of missed) catchUp.show(speech(body, later));
        const { gap, told } = comeBack();
        expect(told).toEqual(missed);
        const times = [...heard, ...missed].filter((body) => body === heard.at(-1)).length;
        expect(gap?.isComplete).toBe(times === 1);
      }),
    );
  });

  test("is not sure of the last thing heard where it is shown as said much later", () => {
    const { catchUp, hear, comeBack } = listener();
    hear("bye");
    catchUp.show(speech("accusation", { ids: false, stamp: MIDNIGHT + MINUTE }));
    catchUp.show(speech("bye", { ids: false, stamp: MIDNIGHT + 5 * MINUTE }));
    expect(comeBack().gap?.isComplete).toBe(false);
  });

  test("repeats nothing though the room's clock is ahead of ours", () => {
    const { catchUp, hear, comeBack } = listener();
    hear("heard", "heard, too");
    for (const body of ["heard", "heard, too", "new"]) {
      catchUp.show(speech(body, { stamp: MIDNIGHT + 60 * MINUTE }));
    }
    expect(comeBack().told).toEqual(["new"]);
  });

  test("goes on behind the last thing heard where only something before it has an id of the room's", () => {
    const { catchUp, comeBack } = listener();
    const [forged, ...others] = ["one", "two", "three", "new"].map((body, i) =>
      speech(body, { ids: i === 0 }),
    );
    const all = [forged, ...others].filter((each) => each !== undefined);
    for (const each of all.slice(0, 3)) catchUp.hear(toldOf(each));
    for (const each of all) catchUp.show(each);
    const { gap, told } = comeBack();
    expect([told, gap?.isComplete]).toEqual([["new"], true]);
  });

  test("is not led astray by somebody who says later what he said with an id that he gave in the room's name", () => {
    const { catchUp, comeBack } = listener();
    const forged = { ...speech("forged", { ids: false }), stanzaId: "forged" };
    const heard = speech("heard", { ids: false });
    catchUp.hear(toldOf(forged));
    catchUp.hear(toldOf(heard));
    const late = { stamp: MIDNIGHT + 5 * MINUTE, byRoom: true };
    for (const each of [heard, { ...speech("accusation"), stanzaId: undefined, delay: late }])
      catchUp.show(each);
    catchUp.show({ ...forged, delay: late });
    expect(comeBack().told).toEqual(["accusation", "forged"]);
  });

  test("goes by the room's stamps where the last thing heard is not shown, and says that this is no proof", () => {
    const { clock, catchUp, hear, comeBack } = listener();
    clock.jump(500);
    hear("heard");
    catchUp.show(speech("older", { stamp: MIDNIGHT - 1_000 }));
    // Stamps name the second only: this may have been said after it.
    catchUp.show(speech("same second", { stamp: MIDNIGHT }));
    catchUp.show(speech("later", { stamp: MIDNIGHT + MINUTE }));
    const { gap, told } = comeBack();
    expect([told, gap?.isComplete]).toEqual([["same second", "later"], false]);
  });

  test("does not care for clocks where the archive knows the last thing heard", () => {
    const { clock, catchUp, hear, comeBack } = listener();
    clock.jump(60 * MINUTE);
    hear("heard, as we think, in an hour");
    clock.jump(-60 * MINUTE);
    catchUp.show(speech("new", { stamp: MIDNIGHT + 1_000 }));
    const { gap, told } = comeBack(ARCHIVE);
    expect(told).toEqual(["new"]);
    expect(gap).toMatchObject({ missed: 1, isComplete: true });
  });

  test("hears what was said while it came in after what it missed, and once", () => {
    const { catchUp, hear, show, comeBack } = listener();
    hear("heard");
    show("missed", "in both");
    for (const body of ["in both", "live"]) catchUp.hold(speech(body));
    catchUp.hold(speech("live", { ids: false }));
    expect(comeBack(ARCHIVE).told).toEqual(["missed", "in both", "live", "live"]);
  });

  test("hears once what it was shown and heard as well, also where the room gives no ids", () => {
    const { catchUp, comeBack } = listener();
    const show = (...bodies: readonly string[]) => {
      for (const body of bodies) catchUp.show(speech(body, { ids: false }));
    };
    catchUp.hear(toldOf(speech("heard", { ids: false })));
    catchUp.hold(speech("meanwhile", { ids: false }));
    show("heard", "meanwhile", "and then");
    expect(comeBack().told).toEqual(["meanwhile", "and then"]);
    show("heard", "meanwhile", "and then", "new");
    expect(comeBack().told).toEqual(["new"]);
  });

  test("has missed nothing that it was told before, however often it was away", () => {
    const { show, hear, comeBack } = listener();
    hear("heard");
    show("heard", "missed");
    expect(comeBack().told).toEqual(["missed"]);
    show("heard", "missed", "missed, too");
    expect(comeBack().told).toEqual(["missed, too"]);
  });

  test("keeps nothing of a greeting that broke off", () => {
    const { catchUp, hear, show, comeBack } = listener();
    hear("heard");
    show("heard", "missed");
    catchUp.hold(speech("live"));
    catchUp.startOver();
    show("heard", "missed", "live");
    expect(comeBack().told).toEqual(["missed", "live"]);
  });

  test("counts what is too old or too much, of others only", () => {
    const { catchUp, clock, hear, comeBack } = listener(fakeNotes(), { most: 10 });
    hear("heard");
    clock.jump(120 * MINUTE);
    const now = MIDNIGHT + 120 * MINUTE;
    for (let n = 0; n < 8; n += 1) catchUp.show(speech(`${n}`, { stamp: now - 90 * MINUTE }));
    catchUp.show(speech("mine", { stamp: now - 90 * MINUTE, nick: "me" }));
    for (let n = 8; n < 12; n += 1) catchUp.show(speech(`${n}`, { stamp: now }));
    const { gap, told } = comeBack(ARCHIVE);
    expect(told).toEqual(["8", "9", "10", "11"]);
    expect(gap).toMatchObject({ missed: 4, leftOut: 8, isComplete: true });
  });

  test("says from when to when it heard nothing, also over a restart and a jump of the clock", async () => {
    const { clock, catchUp, hear, comeBack, notes } = listener();
    hear("heard");
    await clock.advance(MINUTE);
    catchUp.prove(clock.now());
    const other = listener(notes);
    other.clock.jump(5 * MINUTE);
    expect(other.comeBack().gap).toMatchObject({
      since: MIDNIGHT + MINUTE,
      until: MIDNIGHT + 5 * MINUTE,
    });
    await clock.advance(MINUTE);
    catchUp.leave(clock.now());
    await clock.advance(MINUTE);
    clock.jump(-60 * MINUTE);
    const until = clock.wallNow();
    expect(comeBack().gap).toMatchObject({ since: until - MINUTE, until });
  });

  test.each([HISTORY, ARCHIVE])("tells nothing of a time in which it was put out, by %o", (how) => {
    const { catchUp, hear, show, comeBack, notes } = listener();
    hear("heard");
    catchUp.close();
    const other = listener(notes);
    for (const each of [{ catchUp, show, comeBack }, other]) {
      each.show("heard", "not for us");
      each.catchUp.hold(speech("not for us"));
      each.catchUp.hold(speech("for us"));
      const { gap, told } = each.comeBack(how);
      expect(told).toEqual(["not for us", "for us"]);
      expect(gap).toMatchObject({ missed: 0, leftOut: 0, isComplete: false });
      each.show("not for us", "for us", "missed");
      expect(each.comeBack().told).toEqual(["missed"]);
    }
  });

  test("does not look behind what was not for us the next time, where nothing showed it", () => {
    const { catchUp, hear, comeBack } = listener();
    hear("heard");
    catchUp.close();
    comeBack(HISTORY);
    expect(catchUp.cursor?.archived).toBeUndefined();
  });

  test("keeps the archive's place where the last things heard are not in it", () => {
    const { catchUp, hear } = listener();
    hear("archived");
    catchUp.hear(toldOf(speech("not archived", { ids: false })));
    expect(catchUp.cursor?.archived).toBe("room archived");
    catchUp.reach("a change of the subject");
    catchUp.comeBack(ARCHIVE, () => false);
    expect(catchUp.cursor?.archived).toBe("a change of the subject");
  });

  test("takes a note that is none for the first time", () => {
    const notes = fakeNotes();
    notes.setNote("cursor", '{"at":"noon"}');
    expect(listener(notes).catchUp.cursor).toBeUndefined();
    notes.setNote("cursor", "{");
    expect(listener(notes).catchUp.cursor).toBeUndefined();
  });

  test("with what was heard makes up all that was said, whenever we were away or stopped", () => {
    const away = fc.record({
      said: fc.nat({ max: 5 }),
      missed: fc.nat({ max: 5 }),
      held: fc.nat({ max: 3 }),
      overlap: fc.nat({ max: 3 }),
      isBroken: fc.boolean(),
      isRestart: fc.boolean(),
      isArchive: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(away, { maxLength: 8 }), (times) => {
        const said: string[] = [];
        const say = (count: number) =>
          Array.from({ length: count }, () => {
            said.push(`${said.length}`);
            return `${said.length - 1}`;
          });
        let one = listener();
        const told: string[] = say(1);
        one.hear(...told);
        for (const { isArchive, isBroken, isRestart, ...time } of times) {
          const live = say(time.said);
          one.hear(...live);
          told.push(...live);
          const known = said.length;
          const missed = say(time.missed);
          if (isRestart) one = listener(one.notes);
          // The room shows some of what is known, too; the archive some of what is said meanwhile.
          if (isBroken) one.show(...missed);
          one.catchUp.startOver();
          const held = say(time.held);
          for (const body of held) one.catchUp.hold(speech(body));
          one.show(
            ...(isArchive ? [] : said.slice(Math.max(0, known - 1 - time.overlap), known)),
            ...missed,
            ...(isArchive ? held.slice(0, time.overlap) : []),
          );
          const back = one.comeBack(isArchive ? ARCHIVE : HISTORY);
          told.push(...back.told);
          expect(back.gap?.isComplete).toBe(true);
        }
        expect(told).toEqual(said);
      }),
    );
  });
});

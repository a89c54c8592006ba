import { expect, test } from "vitest";
import { Counters } from "../../../shared/observe/counters.ts";
import { Health } from "../../../shared/observe/health.ts";
import { Room } from "../../../shared/xmpp/room.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { fakeNotes } from "../../support/fake-notes.ts";
import { silentLog } from "../../support/silent-log.ts";

test("two accounts in one room are two links, so that one cannot hide how the other stands", () => {
  const health = new Health();
  const open = (nick: string) =>
    new Room({
      jid: "chat@conference.example.org",
      nick,
      newRoom: "accept",
      historySince: () => undefined,
      notes: fakeNotes(),
      owner: "test",
      clock: new FakeClock(),
      log: silentLog,
      counters: new Counters(),
      health,
    });
  expect([open("webridge"), open("irc")].map(({ nick }) => nick)).toEqual([undefined, undefined]);
  expect([...health.links().keys()]).toEqual([
    "room chat@conference.example.org for webridge",
    "room chat@conference.example.org for irc",
  ]);
});

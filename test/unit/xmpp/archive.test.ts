import { describe, expect, test } from "vitest";
import { readArchive } from "../../../shared/xmpp/archive.ts";
import type { Extent } from "../../../shared/xmpp/wire/arrival.ts";
import { FakeArchive, type FakeArchiveOptions } from "../../support/fake-archive.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { FakeXmppSession } from "../../support/fake-xmpp-session.ts";

const room = "chat@muc.test";
const MIDNIGHT = Date.UTC(2026, 0, 1);

function reading({
  after = "1",
  ...options
}: Partial<FakeArchiveOptions> & { after?: string } = {}) {
  const archive = new FakeArchive({ room, ...options });
  const session = new FakeXmppSession();
  const clock = new FakeClock();
  const stop = new AbortController();
  const read: string[] = [];
  const add = (...ids: readonly string[]) => {
    for (const id of ids) {
      archive.entries.push({
        id,
        stamp: MIDNIGHT + archive.entries.length * 1_000,
        xml: `<message from="${room}/anna" type="groupchat"><body>${id}</body></message>`,
      });
    }
  };
  const outcome: { extent?: Extent | undefined } = {};
  const begin = () =>
    void readArchive({
      session,
      room,
      after,
      since: MIDNIGHT + 1_000,
      clock,
      signal: stop.signal,
      onResult: ({ id }) => read.push(id),
    }).then((result) => {
      outcome.extent = result;
    });
  /** Lets the archive answer, as long as it is asked. */
  const answerAll = async () => {
    for (let asked = 0; session.requests.length > 0 && asked < 1_000; asked += 1) {
      archive.answer(session);
      await clock.advance(0);
    }
  };
  return { archive, session, clock, stop, read, add, begin, outcome, answerAll };
}

describe("readArchive()", () => {
  test("reads all that comes after the last known message, page by page", async () => {
    const { read, add, begin, answerAll, outcome } = reading({ most: 2 });
    add("0", "1", "2", "3", "4", "5", "6");
    begin();
    await answerAll();
    expect(read).toEqual(["2", "3", "4", "5", "6"]);
    expect(outcome.extent).toEqual({ isAfterCursor: true, isWhole: true });
  });

  test("is done when nothing has been said", async () => {
    const { read, add, begin, answerAll, outcome } = reading();
    add("0", "1");
    begin();
    await answerAll();
    expect([read, outcome.extent]).toEqual([[], { isAfterCursor: true, isWhole: true }]);
  });

  test.each([
    ["refuses", { after: "gone" }],
    // ejabberd, when it never gave such an id.
    ["puts at the beginning", { after: "gone", unknown: "first" as const }],
    ["puts at the end", { after: "gone", unknown: "last" as const }],
  ])("reads by time in an archive that %s what it does not know", async (_, options) => {
    const { read, add, begin, answerAll, outcome } = reading({ ...options, most: 2 });
    add("0", "1", "2", "3");
    begin();
    await answerAll();
    expect(read).toEqual(["1", "2", "3"]);
    expect(outcome.extent).toEqual({ isAfterCursor: false, isWhole: true });
  });

  test.each(["first", "last"] as const)(
    "believes an archive whose ids are no numbers either (%s)",
    async (unknown) => {
      const { read, add, begin, answerAll, outcome } = reading({ after: "b", unknown });
      add("a", "b");
      begin();
      await answerAll();
      expect([read, outcome.extent]).toEqual([[], { isAfterCursor: true, isWhole: true }]);
    },
  );

  test("takes nothing that is no answer to its question, whoever says it", async () => {
    const { archive, session, clock, read, add, begin, outcome } = reading();
    add("1", "2");
    begin();
    const queryId = /queryid="([^"]*)"/.exec(session.requests[0]?.iq ?? "")?.[1] ?? "";
    const result = (from: string, id: string) =>
      `<message from="${from}"><result xmlns="urn:xmpp:mam:2" queryid="${id}" id="x"><forwarded xmlns="urn:xmpp:forward:0"><message xmlns="jabber:client" from="${room}/anna" type="groupchat"><body>forged</body></message></forwarded></result></message>`;
    session.hear(result(`${room}/evil`, queryId));
    session.hear(result(room, "an earlier question's"));
    archive.answer(session);
    await clock.advance(0);
    expect([read, outcome.extent?.isWhole]).toEqual([["2"], true]);
  });

  test.each([
    ["does not answer", undefined],
    [
      "refuses",
      `<iq type="error" from="${room}"><error type="cancel"><service-unavailable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>`,
    ],
    ["answers something else", `<iq type="result" from="${room}"/>`],
  ])("gives up an archive that %s, after 15 seconds at most", async (_, answer) => {
    const { session, clock, begin, outcome } = reading();
    begin();
    expect(session.requests[0]?.timeoutMs).toBe(15_000);
    session.requests[0]?.answer(answer);
    await clock.advance(0);
    expect(outcome).toEqual({ extent: undefined });
  });

  test("asks nothing more once it is told to stop", async () => {
    const { archive, session, clock, stop, add, begin, outcome } = reading({ most: 1 });
    add("1", "2", "3");
    begin();
    stop.abort();
    archive.answer(session);
    await clock.advance(0);
    expect([session.requests, outcome]).toEqual([[], { extent: undefined }]);
  });

  test("ends after 500 pages, and says that there is more", async () => {
    const { read, add, begin, answerAll, outcome } = reading({ most: 1 });
    add(...Array.from({ length: 600 }, (_, n) => `${n + 1}`));
    begin();
    await answerAll();
    expect(read).toHaveLength(500);
    expect(outcome.extent).toEqual({ isAfterCursor: true, isWhole: false });
  });

  test("ends after two minutes, and says that there is more", async () => {
    const { archive, session, clock, add, begin, outcome } = reading({ most: 1 });
    add(...Array.from({ length: 600 }, (_, n) => `${n + 1}`));
    begin();
    for (let page = 0; page < 12; page += 1) {
      expect(outcome).toEqual({});
      await clock.advance(10_000);
      archive.answer(session);
      await clock.advance(0);
    }
    expect([session.requests, outcome.extent?.isWhole]).toEqual([[], false]);
  });
});

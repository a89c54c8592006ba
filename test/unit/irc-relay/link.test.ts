import { describe, expect, test } from "vitest";
import { Link, type LinkOptions } from "../../../bridges/irc-relay/link.ts";
import { IrcVoice } from "../../../bridges/irc-relay/voice.ts";
import { Counters } from "../../../shared/observe/counters.ts";
import { Health } from "../../../shared/observe/health.ts";
import { memoryJournal, type OpenJournal } from "../../../shared/outbox/memory-journal.ts";
import { relayMark } from "../../../shared/xmpp/wire/relay-mark.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { FakeIrcSession } from "../../support/fake-irc-session.ts";
import { FakeXmppSession } from "../../support/fake-xmpp-session.ts";
import { silentLog } from "../../support/silent-log.ts";

const ROOM = "lounge@muc.test";
const LIMITS = { queueMessages: 100, queueBytes: 1_000_000, queueAge: 3_600_000 };
const MARK = relayMark({ network: "TestNet", channel: "#lounge" });

interface Scene {
  /** Whether the IRC server answers. */
  readonly answers: () => boolean;
  /** What an earlier run left. */
  readonly journal: OpenJournal;
  /** Whether we are on IRC. */
  readonly isOnIrc: boolean;
}

/** A link between a channel and a room, on servers that are played by the test. */
async function linked(
  differences: Partial<LinkOptions> = {},
  { answers = () => true, journal = memoryJournal(), isOnIrc = true }: Partial<Scene> = {},
) {
  const clock = new FakeClock({ random: () => 0 });
  const stop = new AbortController();
  const counters = new Counters();
  const events: string[] = [];
  const note = (event: string) => void events.push(event);
  const log = { ...silentLog, info: note, warn: note, error: note, child: () => log };
  const voice = new IrcVoice({ burst: 5, lineInterval: 0, clock, notes: journal });
  const link = new Link({
    channel: "#lounge",
    room: ROOM,
    otherChannels: [],
    roomNick: "irc",
    newRoom: "accept",
    relayNotices: true,
    gapLines: true,
    limits: LIMITS,
    voice,
    context: {
      xmpp: { domain: "muc.test", tls: "optional" },
      journal,
      clock,
      log,
      counters,
      health: new Health(),
      version: "0",
      signal: stop.signal,
      checkOnly: false,
    },
    ...differences,
  });
  const irc = new FakeIrcSession({ isupport: { network: "TestNet" }, answers });
  const xmpp = new FakeXmppSession();
  const running = link.run(stop.signal);
  const enterChannel = (session: FakeIrcSession) => {
    voice.use(session, stop.signal);
    void link.channel.run(session, stop.signal);
    return clock.advance(0);
  };
  const enterRoom = (session: FakeXmppSession, history = "") => {
    link.room.attach(session);
    session.hear(
      `<presence from="${ROOM}/irc"><x xmlns="http://jabber.org/protocol/muc#user"><item/><status code="110"/></x></presence>`,
    );
    if (history !== "") session.hear(history);
    session.hear(`<message from="${ROOM}" type="groupchat"><subject/></message>`);
    return clock.advance(0);
  };
  if (isOnIrc) await enterChannel(irc);
  await enterRoom(xmpp);
  const say = async (body: string, id = "", nick = "anna") => {
    xmpp.hear(
      `<message from="${ROOM}/${nick}" type="groupchat" id="${id}"><body>${body}</body></message>`,
    );
    await clock.advance(0);
  };
  const inRoom = () =>
    xmpp.sent.flatMap((xml) => /<body>(.*)<\/body>/.exec(xml)?.slice(1, 2) ?? []);
  const inChannel = () =>
    irc.sent.flatMap((line) => /^PRIVMSG #lounge :?(.*)$/.exec(line)?.slice(1, 2) ?? []);
  /** The room says back what we said there. */
  const reflect = async () => {
    for (const xml of xmpp.sent.filter((sent) => sent.startsWith("<message"))) {
      xmpp.hear(xml.replace("<message", `<message from="${ROOM}/irc"`));
    }
    await clock.advance(0);
  };
  return {
    clock,
    stop,
    counters,
    events,
    link,
    journal,
    voice,
    irc,
    xmpp,
    running,
    enterChannel,
    enterRoom,
    say,
    inRoom,
    inChannel,
    reflect,
  };
}

describe("Link", () => {
  test("says in each place what is said in the other", async () => {
    const { clock, irc, say, inRoom, inChannel } = await linked();
    irc.hear(":ivan!u@h PRIVMSG #lounge :hello room");
    irc.hear(":ivan!u@h PRIVMSG #lounge :\x01ACTION waves\x01");
    await clock.advance(0);
    await say("hello channel");
    await say("/me waves");
    expect(inRoom()).toEqual(["&lt;ivan&gt; hello room", "* ivan waves"]);
    expect(inChannel()).toEqual(["<anna> hello channel", "* anna waves"]);
  });

  test("marks what it brings into the room, and hears it without an echo", async () => {
    const { clock, link, irc, xmpp, inChannel, reflect } = await linked();
    irc.hear(":ivan!u@h PRIVMSG #lounge :hello");
    await clock.advance(0);
    expect(xmpp.sent.at(-1)).toContain(`id="${MARK}`);
    expect(link.pending).toBe(1);
    await reflect();
    expect(link.pending).toBe(0);
    expect(inChannel()).toEqual([]);
  });

  test("does not bring back what another relay brought from the channel, and says so once", async () => {
    const { events, say, inChannel } = await linked();
    await say("&lt;ivan&gt; hello", `${MARK}1`, "other");
    await say("&lt;ivan&gt; hello again", `${MARK}2`, "other");
    expect(inChannel()).toEqual([]);
    expect(events.filter((event) => event === "another relay on the same pair")).toHaveLength(1);
  });

  test("hears what somebody else said in its name while it was away, and not its own words", async () => {
    const { clock, link, xmpp, inChannel } = await linked();
    xmpp.end();
    await clock.advance(1_000);
    const session = new FakeXmppSession();
    link.room.attach(session);
    session.hear(
      `<presence from="${ROOM}/irc"><x xmlns="http://jabber.org/protocol/muc#user"><item/><status code="110"/></x></presence>`,
    );
    const shown = (body: string, id: string) =>
      `<message from="${ROOM}/irc" type="groupchat" id="${id}"><body>${body}</body>` +
      `<delay xmlns="urn:xmpp:delay" from="${ROOM}" stamp="2026-01-01T00:00:01Z"/></message>`;
    session.hear(shown("ours", `${MARK}1`));
    session.hear(shown("a stranger's", "evil"));
    session.hear(`<message from="${ROOM}" type="groupchat"><subject/></message>`);
    await clock.advance(0);
    expect(inChannel().filter((line) => line.startsWith("<"))).toEqual(["<irc> a stranger's"]);
  });

  test("a mark of another channel hides nothing", async () => {
    const { say, inChannel } = await linked();
    await say("hello", `${relayMark({ network: "TestNet", channel: "#other" })}1`);
    expect(inChannel()).toEqual(["<anna> hello"]);
  });

  test.each([
    ["of our own network", "TestNet", []],
    ["of another network", "OtherNet", ["<anna> hello"]],
  ])("knows a mark %s before it is there again", async (_what, network, said) => {
    const journal = memoryJournal();
    const earlier = await linked({}, { journal });
    earlier.stop.abort();
    const { irc, enterChannel, say, inChannel } = await linked({}, { journal, isOnIrc: false });
    await say("hello", `${relayMark({ network, channel: "#lounge" })}1`);
    await enterChannel(irc);
    expect(inChannel()).toEqual(said);
  });

  test("another relay that says the same in the channel begins no circle", async () => {
    const { clock, irc, say, inRoom } = await linked();
    await say("hello");
    irc.hear(":other!u@h PRIVMSG #lounge :<anna> hello");
    await clock.advance(0);
    expect(inRoom()).toEqual([]);
  });

  test("keeps what is said while the other side is away, and says it in order", async () => {
    const { clock, irc, xmpp, link, enterRoom, inRoom } = await linked();
    xmpp.end();
    await clock.advance(0);
    irc.hear(":ivan!u@h PRIVMSG #lounge :one");
    irc.hear(":ivan!u@h PRIVMSG #lounge :two");
    await clock.advance(0);
    expect([inRoom(), link.pending]).toEqual([[], 2]);
    const again = new FakeXmppSession();
    await enterRoom(again);
    const bodies = again.sent.flatMap((xml) => /<body>(.*)<\/body>/.exec(xml)?.slice(1, 2) ?? []);
    expect(bodies).toEqual(["&lt;ivan&gt; one", "&lt;ivan&gt; two"]);
  });

  test("says nothing in the channel twice, and tells what may not have been heard", async () => {
    let answers = true;
    const { clock, irc, enterChannel, say, inChannel } = await linked(
      {},
      { answers: () => answers },
    );
    answers = false;
    await say("maybe");
    irc.end();
    await clock.advance(0);
    const again = new FakeIrcSession({ isupport: { network: "TestNet" } });
    await enterChannel(again);
    await clock.advance(1_000);
    expect(inChannel()).toEqual(["<anna> maybe"]);
    expect(again.sent.filter((line) => line.startsWith("PRIVMSG"))).toEqual([
      expect.stringMatching(
        /\*\*\* saxbridge: Away from here from .* UTC: 1 message may not have been heard$/,
      ),
    ]);
  });

  test("tells of a loss again until a line that does is heard", async () => {
    let answers = true;
    const { clock, irc, enterChannel, say } = await linked({}, { answers: () => answers });
    answers = false;
    await say("maybe");
    irc.end();
    await clock.advance(0);
    const deaf = new FakeIrcSession({ answers: false });
    await enterChannel(deaf);
    deaf.hear(`:${deaf.source} JOIN #lounge`);
    await clock.advance(1_000);
    expect(deaf.sent).toContainEqual(expect.stringContaining("1 message may not have been heard"));
    deaf.end();
    await clock.advance(0);
    const third = new FakeIrcSession();
    await enterChannel(third);
    await clock.advance(600_000);
    expect(third.sent.filter((line) => line.includes("may not have been heard"))).toEqual([
      expect.stringMatching(/: 1 message may not have been heard$/),
    ]);
  });

  test("the next run tells of a loss when the line of this one was not heard", async () => {
    const journal = memoryJournal();
    let answers = true;
    const first = await linked({}, { journal, answers: () => answers });
    answers = false;
    await first.say("maybe");
    first.irc.end();
    await first.clock.advance(0);
    const deaf = new FakeIrcSession({ answers: false });
    await first.enterChannel(deaf);
    deaf.hear(`:${deaf.source} JOIN #lounge`);
    await first.clock.advance(1_000);
    expect(deaf.sent.at(-2)).toContain("1 message may not have been heard");
    const { clock, inChannel } = await linked({}, { journal });
    await clock.advance(1_000);
    expect(inChannel()).toContainEqual(
      expect.stringMatching(/Away from here .*: 1 message may not have been heard$/),
    );
  });

  test("tells of what was lost of somebody who has our name", async () => {
    let answers = true;
    const { clock, irc, enterChannel, say } = await linked({}, { answers: () => answers });
    answers = false;
    await say("maybe", "", "saxbridge");
    irc.end();
    await clock.advance(0);
    const again = new FakeIrcSession();
    await enterChannel(again);
    await clock.advance(1_000);
    expect(again.sent).toContainEqual(
      expect.stringMatching(/Away from here .*: 1 message may not have been heard$/),
    );
  });

  test("tells the room that it may have missed what was said in the channel", async () => {
    const { clock, irc, enterChannel, inRoom } = await linked();
    irc.end();
    await clock.advance(5_000);
    const again = new FakeIrcSession({ isupport: { network: "TestNet" } });
    await enterChannel(again);
    await clock.advance(1_000);
    expect(inRoom()).toEqual([
      expect.stringMatching(
        /^\*\*\* saxbridge: Away from #lounge from 2026-01-01 00:00:00 to 00:00:05 UTC: what was said there/,
      ),
    ]);
  });

  test("tells the room when the channel cannot be reached for long", async () => {
    const { clock, irc, inRoom } = await linked();
    irc.end();
    await clock.advance(100_000);
    expect(inRoom()).toEqual([
      expect.stringMatching(/^\*\*\* saxbridge: Cannot reach #lounge since/),
    ]);
  });

  test("tells the room what the channel refuses, and nobody of its own lines", async () => {
    let answers = true;
    const { clock, irc, say, inRoom, inChannel } = await linked({}, { answers: () => answers });
    answers = false;
    await say("hello");
    irc.hear(":irc.test 404 saxjax #lounge :Cannot send to channel (+m)");
    const [, token] = /^PING :?(.*)$/.exec(irc.sent.at(-1) ?? "") ?? [];
    irc.hear(`:irc.test PONG irc.test :${token}`);
    await clock.advance(1_000);
    expect(inRoom()).toEqual([
      expect.stringMatching(/^\*\*\* saxbridge: 1 message refused in #lounge .*: 404$/),
    ]);
    expect(inChannel()).toHaveLength(1);
  });

  test("tells nobody of gaps where the configuration says so", async () => {
    const { clock, irc, enterChannel, inRoom } = await linked({ gapLines: false });
    irc.end();
    await clock.advance(5_000);
    const again = new FakeIrcSession({ isupport: { network: "TestNet" } });
    await enterChannel(again);
    await clock.advance(100_000);
    expect(inRoom()).toEqual([]);
  });

  test("logs what was too old to be told, whatever the configuration says of lines", async () => {
    const { clock, xmpp, enterRoom, events, say } = await linked({ gapLines: false });
    await say("heard", "1");
    xmpp.end();
    const stamp = new Date(clock.wallNow() + 60_000).toISOString();
    await clock.advance(2 * LIMITS.queueAge);
    const missed = `<message from="${ROOM}/anna" type="groupchat" id="2"><body>missed</body><delay xmlns="urn:xmpp:delay" from="${ROOM}" stamp="${stamp}"/></message>`;
    await enterRoom(new FakeXmppSession(), missed);
    expect(events).toContain("missed messages left out");
  });

  test("leaves out what is too much, and says how much that was", async () => {
    const { clock, irc, counters, inRoom, reflect, link } = await linked({
      limits: { ...LIMITS, queueMessages: 3 },
    });
    for (let i = 0; i < 10; i += 1) irc.hear(`:ivan!u@h PRIVMSG #lounge :line ${i}`);
    await clock.advance(0);
    expect(counters.value("messages", { direction: "irc-to-room", outcome: "full" })).toBe(7);
    await reflect();
    expect(inRoom()).toEqual([
      ...["line 0", "line 1", "line 2"].map((line) => `&lt;ivan&gt; ${line}`),
      expect.stringMatching(/^\*\*\* saxbridge: 7 messages since .* were left out: too many$/),
    ]);
    await reflect();
    expect(link.pending).toBe(0);
  });

  test("notices stay in the channel where the configuration says so", async () => {
    const { clock, irc, inRoom } = await linked({ relayNotices: false });
    irc.hear(":ivan!u@h NOTICE #lounge :beep");
    irc.hear(":ivan!u@h PRIVMSG #lounge :hello");
    await clock.advance(0);
    expect(inRoom()).toEqual(["&lt;ivan&gt; hello"]);
  });

  test("counts what became of everything", async () => {
    const { clock, counters, irc, say, reflect } = await linked();
    irc.hear(":ivan!u@h PRIVMSG #lounge :hello");
    irc.hear(":ivan!u@h PRIVMSG #lounge :\x02\x02");
    await clock.advance(0);
    await reflect();
    await say("hello");
    await say("  ");
    await say("old", `${MARK}1`);
    const outcomes = counters
      .all()
      .filter(({ name }) => name === "messages")
      .map(({ labels, value }) => `${labels["direction"]} ${labels["outcome"]} ${value}`)
      .toSorted();
    expect(outcomes).toEqual([
      "irc-to-room delivered 1",
      "irc-to-room ignored: empty 1",
      "irc-to-room taken 1",
      "room-to-irc delivered 1",
      "room-to-irc ignored: empty 1",
      "room-to-irc ignored: relayed 1",
      "room-to-irc taken 1",
    ]);
  });

  test("knows of everything that is not for the other side why, but of its own echo", async () => {
    const { irc, say, reflect, journal } = await linked({ relayNotices: false });
    irc.hear(":ivan!u@h NOTICE #lounge :beep");
    irc.hear(":ivan!u@h PRIVMSG #lounge :hello");
    await reflect();
    await say("again", `${MARK}1`);
    const codes = async (text: string) => {
      const found = await journal.trail.find(text);
      return found.map(({ code }) => code);
    };
    expect(await codes("beep")).toEqual(["ignored: notice"]);
    expect(await codes("again")).toEqual(["ignored: relayed"]);
    expect(await codes("<ivan> hello")).toEqual(["delivered"]);
  });

  test("ends when it is told to, also with words on their way", async () => {
    const { clock, stop, link, irc, xmpp, running } = await linked();
    irc.hear(":ivan!u@h PRIVMSG #lounge :hello");
    await clock.advance(0);
    stop.abort();
    xmpp.end();
    await running;
    expect(link.pending).toBe(1);
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { startInspircd } from "../../cli/demo/servers/inspircd.ts";
import type { IrcServer } from "../../cli/demo/servers/irc-server.ts";
import { startProsody } from "../../cli/demo/servers/prosody.ts";
import type { XmppServer } from "../../cli/demo/servers/xmpp-server.ts";
import { sendDatagram } from "../../shared/unix/datagram.ts";
import { Saxbridge, type SaxbridgeRun } from "../support/saxbridge-process.ts";
import { ScriptedIrcServer } from "../support/scripted-irc-server.ts";
import { DOMAIN, ScriptedXmppServer } from "../support/scripted-xmpp-server.ts";
import { startEjabberd } from "../support/servers/ejabberd.ts";
import { startNgircd } from "../support/servers/ngircd.ts";
import { escapeXml } from "../support/users/stanza-text.ts";
import { XmppUser } from "../support/users/xmpp-user.ts";
import { CHANNEL, openScene, relayEnvironment, type Scene, USERS } from "./e2e/scene.ts";

const pairs = [
  ["Prosody and InspIRCd", startProsody, startInspircd],
  ["ejabberd and ngIRCd", startEjabberd, startNgircd],
] as const;

describe.each(pairs)("between %s", (_pair, startXmpp, startIrc) => {
  let xmpp: XmppServer;
  let irc: IrcServer;
  let scene: Scene;

  beforeAll(async () => {
    xmpp = await startXmpp({ users: USERS });
    irc = await startIrc();
    scene = await openScene({ xmpp, irc });
    await scene.ivan.waitForLine((line) => /^(?:@\S+ )?:saxjax!\S+ JOIN/.test(line));
  });

  afterAll(async () => {
    await scene.close();
    await irc.stop();
    await xmpp.stop();
  });

  beforeEach(() => {
    scene.alice.forget();
    scene.ivan.forget();
  });

  /** What the channel heard from us, once an ordinary message has come through each way. */
  async function heard() {
    const { alice, ivan, saxbridge, run } = scene;
    ivan.say("from the channel");
    await alice.waitForMessage("<ivan> from the channel");
    await sendDatagram(saxbridge.socket, Buffer.from("from the site"));
    await alice.waitForMessage("from the site");
    await ivan.waitForMessage("<webridge> from the site");
    alice.say("from the room");
    await ivan.waitForMessage("<alice> from the room");
    expectUnharmed(run);
    const ours = ivan.lines.filter((line) => /^(?:@\S+ )?:saxjax!/.test(line));
    const texts = ours.map((line) => / PRIVMSG #lounge :(\P{Cc}+)$/u.exec(line)?.[1]);
    // Nothing but messages to the channel, and no CTCP among them.
    expect(texts).not.toContain(undefined);
    const room = alice.messages.filter(({ nick }) => nick !== "alice").map(({ body }) => body);
    return {
      inChannel: texts.filter((text) => !isOrdinary(text ?? "")),
      inRoom: room.filter((text) => !isOrdinary(text)),
    };
  }

  describe("what is said in the room", () => {
    test.each([
      [
        "a line break before a command",
        "hi&#13;&#10;QUIT :owned",
        ["<alice> hi", "<alice> QUIT :owned"],
      ],
      ["a lone CR", "hi&#13;QUIT", ["<alice> hi", "<alice> QUIT"]],
      [
        "other ends of a line",
        "a&#x85;b&#x2028;c&#x2029;d",
        ["a", "b", "c", "d"].map((t) => `<alice> ${t}`),
      ],
      [
        "words that look like IRC",
        ":x PRIVMSG #lounge :owned",
        ["<alice> :x PRIVMSG #lounge :owned"],
      ],
      ["markup in markup", "&lt;/body&gt;&amp;lt;b&gt;", ["<alice> </body>&lt;b>"]],
      ["an action with a second line", "/me waves&#10;/quit", ["* alice waves", "<alice> /quit"]],
      ["a direction that is left open", "a\u202Eb", ["<alice> a\u202Eb\u202C"]],
      ["nothing but space", " &#10; &#9;", []],
    ])("reaches the channel as words: %s", async (_kind, body, lines) => {
      const { alice, room } = scene;
      alice.send(`<message type='groupchat' to='${room}' id='x'><body>${body}</body></message>`);
      expect((await heard()).inChannel).toEqual(lines);
    });

    test("reaches the channel as said, whatever it claims to be", async () => {
      const { alice, room } = scene;
      for (const [i, claim] of [
        "<subject>forged</subject>",
        `<delay xmlns='urn:xmpp:delay' from='${room}' stamp='2001-01-01T00:00:00Z'/>`,
        "<delay xmlns='urn:xmpp:delay' from='evil@localhost' stamp='2001-01-01T00:00:00Z'/>",
        "<relayed xmlns='urn:saxbridge:relay:0' network='OtherNet' channel='#lounge'/>",
        "<body xmlns='urn:example'>another body</body>",
        "<x xmlns='http://jabber.org/protocol/muc#user'><status code='110'/><status code='307'/></x>",
      ].entries()) {
        alice.send(
          `<message type='groupchat' to='${room}'><body>claim ${i}</body>${claim}</message>`,
        );
      }
      expect((await heard()).inChannel).toEqual(
        [0, 1, 2, 3, 4, 5].map((i) => `<alice> claim ${i}`),
      );
    });

    test("stays there when it is not for all, or not said", async () => {
      const { alice, room } = scene;
      for (const stanza of [
        `<message type='chat' to='${room}/irc'><body>psst</body></message>`,
        `<message to='${room}/irc'><body>psst</body></message>`,
        `<message type='error' to='${room}/irc' id='1'><body>psst</body><error type='cancel'>` +
          "<not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>",
        "<message type='chat' to='relay@localhost'><body>psst</body></message>",
        `<message type='groupchat' to='${room}'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>`,
        `<message type='groupchat' to='${room}'><subject>psst</subject></message>`,
        `<iq type='get' to='${room}/irc' id='7'><query xmlns='jabber:iq:version'/></iq>`,
        `<iq type='set' to='${room}/irc' id='8'><query xmlns='jabber:iq:roster'/></iq>`,
      ]) {
        alice.send(stanza);
      }
      expect(await heard()).toEqual({ inChannel: [], inRoom: [] });
    });

    test.each([
      ["of 200,000 bytes", "x".repeat(200_000)],
      ["of 60,000 bytes of Japanese", "日本語 ".repeat(6_000)],
      ["of a thousand lines", Array.from({ length: 1_000 }, (_, i) => `line ${i}`).join("\n")],
    ])("reaches the channel as its first lines: a body %s", async (_kind, body) => {
      scene.alice.say(body);
      const { inChannel } = await heard();
      expect(inChannel).toHaveLength(20);
      expect(inChannel.at(-1)).toMatch(/^<alice> \(\+\d+ lines\)$/);
    });

    test.each([
      ["that pretends", "x> <ivan", "x› ‹ivan"],
      ["that looks like a command", ":x QUIT", ":x QUIT"],
      ["of a thousand bytes", "n".repeat(1_000), `${"n".repeat(61)}…`],
    ])("reaches the channel as its speaker's: a nick %s", async (_kind, nick, shown) => {
      const { port } = xmpp;
      const mallory = await XmppUser.connect({ port, user: "relay2", password: USERS.relay2 });
      onTestFinished(() => mallory.close());
      await mallory.join(scene.room, nick);
      mallory.say("hello");
      expect((await heard()).inChannel).toEqual([`<${shown}> hello`]);
    });

    test("by a client that the server throws out harms only that client", async () => {
      const { port } = xmpp;
      for (const poison of ["\x01VERSION\x01", "&#0;", "\uFFFE", "&nbsp;", "<b></i>"]) {
        const mallory = await XmppUser.connect({ port, user: "relay2", password: USERS.relay2 });
        await mallory.join(scene.room, "mallory");
        mallory.send(
          `<message type='groupchat' to='${scene.room}'><body>${poison}</body></message>`,
        );
        mallory.close();
      }
      const { inRoom } = await heard();
      expect(inRoom.filter((body) => !body.includes("\uFFFD"))).toEqual([]);
    });
  });

  describe("what is said in the channel", () => {
    test.each([
      ["the end of a stanza", "</body></message><presence type='unavailable'/>"],
      ["the end of the stream", "</stream:stream>"],
      ["entities", "&lt;b&gt; &#0; &nbsp; &amp;amp;"],
      ["the end of CDATA", "<![CDATA[ x ]]>"],
      ["a command of clients", "/me waves"],
    ])("reaches the room as words: %s", async (_kind, text) => {
      scene.ivan.say(text);
      expect((await heard()).inRoom).toEqual([`<ivan> ${text}`]);
    });

    test("reaches the room without what XML cannot carry", async () => {
      const controls = Array.from({ length: 0x20 }, (_, i) => String.fromCharCode(i));
      const allowed = controls.filter((c) => !"\0\r\n\x01\x03\x04".includes(c)).join("");
      scene.ivan.say(`a${allowed}b\uFFFEc\uFFFFd\x7Fe`);
      const { inRoom } = await heard();
      expect(inRoom).toHaveLength(1);
      expect(inRoom[0]?.replaceAll(" ", "")).toBe("<ivan>abcde");
    });

    test("reaches the room as text also when it is no UTF-8", async () => {
      scene.ivan.sendBytes(Buffer.from(`PRIVMSG ${CHANNEL} :caf\xe9 \x80\r\n`, "latin1"));
      expect((await heard()).inRoom).toEqual(["<ivan> café €"]);
    });

    test("is not answered, whatever it asks", async () => {
      const { ivan } = scene;
      for (const text of ["\x01VERSION\x01", "\x01PING 1\x01", "\x01DCC SEND x 1 2 3\x01"]) {
        ivan.say(text);
        ivan.say(text, "saxjax");
        ivan.notice(text);
      }
      expect(await heard()).toEqual({ inChannel: [], inRoom: [] });
    });
  });

  describe("what the site announces", () => {
    test.each([
      ["line breaks", "one\r\ntwo\nBob was made admin", "one two Bob was made admin"],
      ["NUL in the middle and at the end", "one\0two\0", "onetwo"],
      ["markup", "</body></message> &lt;b&gt; &amp;lt;", "</body></message> <b> &lt;"],
      ["a reference to NUL", "one&#0;two", "one\uFFFDtwo"],
      ["a CTCP", "\x01VERSION\x01", "VERSION"],
      ["bytes that are no UTF-8", Buffer.from("caf\xe9", "latin1"), "café"],
    ])("is one line of text: %s", async (_kind, datagram, line) => {
      await sendDatagram(scene.saxbridge.socket, Buffer.from(datagram));
      expect(await heard()).toEqual({ inRoom: [line], inChannel: [`<webridge> ${line}`] });
    });

    test.each([[65_535], [65_536], [65_537], [200_000]])(
      "is cut when it is too long: %i bytes",
      async (length) => {
        await sendDatagram(scene.saxbridge.socket, Buffer.alloc(length, "x"));
        const { inRoom, inChannel } = await heard();
        expect(inRoom).toEqual([`${"x".repeat(3_997)}…`]);
        expect(inChannel.map((line) => line?.replace("<webridge> ", "")).join("")).toBe(inRoom[0]);
      },
    );

    test.each([
      ["nothing", ""],
      ["nothing visible", "\u200B\u202E \0"],
      ["an event of another version", '{"v": 2, "type": "reply"}'],
      [
        "an event that is half there",
        `{"v": 1, "type": "reply", "what": "${"x".repeat(100_000)}"}`,
      ],
      ["an event with a type that is none", '{"v": 1, "type": "a\\nb", "what": "x"}'],
    ])("is not said when it is %s", async (_kind, datagram) => {
      await sendDatagram(scene.saxbridge.socket, Buffer.from(datagram));
      expect(await heard()).toEqual({ inRoom: [], inChannel: [] });
    });
  });
});

describe("between servers that lie", () => {
  const room = `lounge@muc.${DOMAIN}`;

  /** The relay alone, and the server's ends of its connections. */
  async function relayed() {
    const xmpp = await ScriptedXmppServer.start({ password: USERS.relay });
    onTestFinished(() => xmpp.close());
    const irc = await ScriptedIrcServer.start({ capabilities: [["message-tags", "server-time"]] });
    onTestFinished(() => irc.close());
    const saxbridge = await Saxbridge.install({
      XMPP_SERVICE: xmpp.service,
      XMPP_DOMAIN: DOMAIN,
      XMPP_TLS: "optional",
      ...relayEnvironment([irc], { room }),
      IRC_XMPP_JID: `relay@${DOMAIN}`,
    });
    onTestFinished(() => saxbridge.remove());
    const run = saxbridge.run();
    await Promise.all([run.waitFor("room joined"), run.waitFor("channel joined")]);
    const [client, peer] = await Promise.all([xmpp.client(), irc.client()]);
    const toRoom = (content: string, nick = "anna") => {
      client.send(
        `<message type='groupchat' from='${escapeXml(`${room}/${nick}`)}'>${content}</message>`,
      );
    };
    /** What each server got from us, after an ordinary message has come through each way. */
    const received = async () => {
      peer.send(`:ivan!u@h PRIVMSG ${CHANNEL} :from the channel`);
      await client.waitForElement(/from the channel/);
      toRoom("<body>from the room</body>");
      await peer.waitForLine(`PRIVMSG ${CHANNEL} :<anna> from the room`);
      expectUnharmed(run);
      return {
        lines: peer.lines.filter(
          (line) => !/^(?:CAP|NICK|USER|JOIN|PING|PONG|PRIVMSG.*from the room$)/.test(line),
        ),
        bodies: client.elements
          .flatMap((element) => /<body>([^]*)<\/body>/.exec(element)?.slice(1) ?? [])
          .filter((body) => !body.endsWith("from the channel")),
      };
    };
    return { client, peer, toRoom, received };
  }

  test("characters that no server may pass on do no harm from the room", async () => {
    const { toRoom, received } = await relayed();
    toRoom("<body>\x01VERSION\x01</body>");
    toRoom("<body>a\0b\x02c\uFFFFd</body>");
    toRoom("<body>e&#13;QUIT</body>");
    toRoom("<body>hi</body>", "x\u202E> <op");
    toRoom("<body>hi</body>", "x\r\nQUIT");
    const { lines } = await received();
    expect(lines).toEqual(
      [
        "<anna> VERSION",
        "<anna> a bcd",
        "<anna> e",
        "<anna> QUIT",
        "<x› ‹op> hi",
        "<x QUIT> hi",
      ].map((text) =>
        expect.stringMatching(
          new RegExp(`^PRIVMSG ${CHANNEL} :${text.replace("a bcd", "a ?bc\uFFFF?d")}$`),
        ),
      ),
    );
  });

  test("stanzas from nowhere, and about nothing, do no harm", async () => {
    const { client, received } = await relayed();
    for (const stanza of [
      "<message/>",
      "<presence/>",
      "<iq/>",
      "<message from='@/x' type='groupchat'><body>x</body></message>",
      `<presence from='${room}'/>`,
      `<presence from='${room}/' type='unavailable'/>`,
      `<presence from='${room}/anna' type='error'/>`,
      `<message from='${room}/' type='groupchat'><body>x</body></message>`,
      `<message from='other@muc.${DOMAIN}/anna' type='groupchat'><body>x</body></message>`,
      "<unknown xmlns='urn:example'><a><b/></a></unknown>",
      "<a xmlns='urn:xmpp:sm:3' h='4294967295'/>",
      "<failed xmlns='urn:xmpp:sm:3'/>",
      `<message from='${room}/anna' type='groupchat'>${"<x>".repeat(5_000)}${"</x>".repeat(5_000)}</message>`,
    ]) {
      client.send(stanza);
    }
    expect((await received()).lines).toEqual([]);
  });

  test("a body of three million bytes becomes its first lines", async () => {
    const { toRoom, received } = await relayed();
    toRoom(`<body>${"x".repeat(3_000_000)}</body>`);
    const { lines } = await received();
    expect(lines).toHaveLength(20);
  });

  test("lines that no server may send do no harm from the channel", async () => {
    const { peer, received } = await relayed();
    peer.send(
      "",
      ":",
      "@",
      "@a=b",
      ":x",
      "PRIVMSG",
      ":ivan!u@h PRIVMSG",
      `:ivan!u@h PRIVMSG ${CHANNEL}`,
      ":irc.test 999 saxjax :unknown",
      ":irc.test 353",
      ":irc.test 366",
      ":irc.test 005",
      ":irc.test 900",
      "CAP",
      "BATCH",
      "AUTHENTICATE +",
      "NICK",
      "JOIN",
      "KICK",
      "FAIL",
      `@time=9999-99-99;=;;;a\\;+b=${"x".repeat(4_000)} :ivan!u@h PRIVMSG ${CHANNEL} :tagged`,
      `@t=${"x".repeat(8_000)} :ivan!u@h PRIVMSG ${CHANNEL} :long tags`,
      `:ivan!u@h PRIVMSG ${CHANNEL} :${"y".repeat(8_000)}`,
      `:${"n".repeat(500)}!u@h PRIVMSG ${CHANNEL} :long nick`,
      `:</body>!u@h PRIVMSG ${CHANNEL} :a nick of markup`,
    );
    const { bodies } = await received();
    expect(bodies).toEqual([
      "&lt;ivan&gt; tagged",
      "&lt;ivan&gt; long tags",
      `&lt;ivan&gt; ${"y".repeat(8_000)}`,
      `&lt;${"n".repeat(61)}…&gt; long nick`,
      "&lt;‹/body›&gt; a nick of markup",
    ]);
  });
});

/** The messages that show that all still works. */
function isOrdinary(text: string): boolean {
  return /from the (?:room|site|channel)$/.test(text);
}

/** No stream was lost, nobody was put out, and nothing was caught that should not happen. */
function expectUnharmed(run: SaxbridgeRun): void {
  const harm = [
    "no connection",
    "handler failed",
    "datagram handler failed",
    "room left against our will",
    "room lost without notice",
    "channel left against our will",
    "message refused",
  ];
  expect(run.log.filter(({ event }) => harm.includes(event))).toEqual([]);
}

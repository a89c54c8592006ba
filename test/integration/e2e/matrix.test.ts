import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startInspircd } from "../../../cli/demo/servers/inspircd.ts";
import type { IrcServer } from "../../../cli/demo/servers/irc-server.ts";
import { startProsody } from "../../../cli/demo/servers/prosody.ts";
import type { XmppServer } from "../../../cli/demo/servers/xmpp-server.ts";
import { phpAnnounce } from "../../support/php-announce.ts";
import { startEjabberd } from "../../support/servers/ejabberd.ts";
import { startNgircd } from "../../support/servers/ngircd.ts";
import { openScene, type Scene, USERS } from "./scene.ts";

const TEXTS = {
  "non-ASCII text": "Grüße aus Łódź: naïve façade, 日本語, ½ €",
  "a family of joined emoji": "look 👩‍👩‍👧‍👦 and 👍🏽",
  flags: "🇩🇪🇫🇷🏴󠁧󠁢󠁳󠁣󠁴󠁿 won",
  "text from right to left": "שלום עולם, مرحبا بالعالم!",
  markup: `<b>AT&T "quotes" 'n' ]]> </body>`,
} as const;

const xmppServers = { Prosody: startProsody, ejabberd: startEjabberd };
const ircServers = { InspIRCd: startInspircd, ngIRCd: startNgircd };

describe.each(Object.entries(xmppServers))("%s", (_xmppName, startXmpp) => {
  let xmpp: XmppServer;
  beforeAll(async () => {
    xmpp = await startXmpp({ users: USERS });
  });
  afterAll(() => xmpp.stop());

  describe.each(Object.entries(ircServers))("and %s", (ircName, startIrc) => {
    let irc: IrcServer;
    let scene: Scene;
    beforeAll(async () => {
      irc = await startIrc();
      const room = `${ircName.toLowerCase()}@conference.localhost`;
      scene = await openScene({ xmpp, irc, room });
    });
    afterAll(async () => {
      await scene.close();
      await irc.stop();
    });

    test.each(Object.entries(TEXTS))("carry %s from each to both others", async (_kind, text) => {
      const { alice, ivan, saxbridge } = scene;
      alice.say(`alice: ${text}`);
      expect(await ivan.waitForMessage(`<alice> alice: ${text}`)).toMatchObject({ nick: "saxjax" });

      ivan.say(`ivan: ${text}`);
      expect(await alice.waitForMessage(`<ivan> ivan: ${text}`)).toMatchObject({ nick: "irc" });

      for (const via of ["socket_sendto", "stream"] as const) {
        const line = `${via}: ${text}`;
        const [sent] = await phpAnnounce(saxbridge.socket, [line], { via });
        expect(sent?.error).toBeNull();
        expect(await alice.waitForMessage(line)).toMatchObject({ nick: "webridge" });
        expect(await ivan.waitForMessage(`<webridge> ${line}`)).toMatchObject({ nick: "saxjax" });
      }
    });

    test("carry actions both ways", async () => {
      const { alice, ivan } = scene;
      alice.say("/me waves 👋");
      expect(await ivan.waitForMessage("* alice waves 👋")).toMatchObject({ nick: "saxjax" });
      ivan.action("waves back");
      expect(await alice.waitForMessage("* ivan waves back")).toMatchObject({ nick: "irc" });
    });

    test("carry 1,500 bytes without loss, in lines that break no character", async () => {
      const { alice, ivan } = scene;
      const text = "👩‍👩‍👧‍👦e\u0301🇩🇪日".repeat(39);
      expect(bytesOf(text)).toBeGreaterThanOrEqual(1_500);
      ivan.forget();
      alice.say(text);
      alice.say("that was all");
      expect(await ivan.waitForMessage("<alice> that was all")).toMatchObject({ nick: "saxjax" });
      const pieces = ivan.messages
        .slice(0, -1)
        .map(({ text: line }) => line.replace(/^<alice> /, ""));
      expect(pieces.length).toBeGreaterThan(3);
      expect(pieces.join("")).toBe(text);
      expect(pieces.flatMap(graphemes)).toEqual(graphemes(text));
      for (const { raw } of ivan.messages) expect(bytesOf(`${raw}\r\n`)).toBeLessThanOrEqual(512);
    });

    test("strip mIRC codes towards the room", async () => {
      const { alice, ivan } = scene;
      ivan.say("\x02bold\x02 \x0304,12red\x03 \x1ditalic\x1d\x0f \x1funder\x1f");
      expect(await alice.waitForMessage("<ivan> bold red italic under")).toMatchObject({
        nick: "irc",
      });
    });

    test("repeat a notice, and nothing that is not for all", async () => {
      const { alice, ivan, room } = scene;
      alice.forget();
      ivan.forget();
      // The relay has to be an operator, or the server would not show it the line for operators.
      ivan.send("MODE #lounge +o saxjax");
      ivan.say("for operators", "@#lounge");
      ivan.say("for the relay", "saxjax");
      ivan.notice("for all");
      expect(await alice.waitForMessage("-ivan- for all")).toMatchObject({ nick: "irc" });
      // XEP-0045 section 7.5.
      alice.send(`<message type='chat' to='${room}/irc'><body>for the relay</body></message>`);
      alice.say("for all");
      await alice.waitForMessage("for all");
      expect(await ivan.waitForMessage("<alice> for all")).toMatchObject({ nick: "saxjax" });
      const heard = [
        ...alice.messages.map(({ body }) => body),
        ...ivan.messages.map((m) => m.text),
      ];
      expect(heard).toEqual(["-ivan- for all", "for all", "<alice> for all"]);
    });

    test("decode HTML entities of announcements, once", async () => {
      const { alice, ivan, saxbridge } = scene;
      const dirty = "Kerm replied to &quot;Caf&eacute; &#128075; &amp;lt;b&gt;&quot;";
      await phpAnnounce(saxbridge.socket, [dirty], { via: "socket_sendto" });
      const clean = 'Kerm replied to "Café 👋 &lt;b>"';
      expect(await alice.waitForMessage(clean)).toMatchObject({ nick: "webridge" });
      expect(await ivan.waitForMessage(`<webridge> ${clean}`)).toMatchObject({ nick: "saxjax" });
    });

    test("understand a line in windows-1252", async () => {
      const { alice, ivan } = scene;
      ivan.sendBytes(Buffer.from("PRIVMSG #lounge :caf\xe9 \x80 5 \x93quoted\x94\r\n", "latin1"));
      expect(await alice.waitForMessage("<ivan> café € 5 “quoted”")).toMatchObject({ nick: "irc" });
    });
  });
});

function graphemes(text: string): string[] {
  return Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment);
}

function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length;
}

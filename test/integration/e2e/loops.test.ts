import { afterAll, beforeAll, expect, test } from "vitest";
import { startInspircd } from "../../../cli/demo/servers/inspircd.ts";
import type { IrcServer } from "../../../cli/demo/servers/irc-server.ts";
import { startProsody } from "../../../cli/demo/servers/prosody.ts";
import type { XmppServer } from "../../../cli/demo/servers/xmpp-server.ts";
import { systemClock as clock } from "../../../shared/clock.ts";
import { Saxbridge, type SaxbridgeRun } from "../../support/saxbridge-process.ts";
import type { IrcUser } from "../../support/users/irc-user.ts";
import type { XmppUser } from "../../support/users/xmpp-user.ts";
import { enterChannel, enterRoom, relayEnvironment, USERS, xmppEnvironment } from "./scene.ts";

/** A circle takes milliseconds here: whatever goes round would be back many times within this. */
const QUIET_MS = 500;
const WARNING = "another relay on the same pair";

let xmpp: XmppServer;
let irc: IrcServer;
let relays: readonly Saxbridge[] = [];
let runs: readonly SaxbridgeRun[] = [];
let alice: XmppUser;
let ivan: IrcUser;

beforeAll(async () => {
  [xmpp, irc] = await Promise.all([startProsody({ users: USERS }), startInspircd()]);
  alice = await enterRoom(xmpp);
  ivan = await enterChannel(irc);
  const env = { ...xmppEnvironment(xmpp), ...relayEnvironment([irc]) };
  const second = {
    IRC_XMPP_JID: "relay2@localhost",
    IRC_XMPP_PASSWORD: USERS.relay2,
    IRC_XMPP_NICK: "irc2",
    IRC_NICK: "second",
  };
  relays = [await Saxbridge.install(env), await Saxbridge.install({ ...env, ...second })];
  runs = relays.map((relay) => relay.run());
  await Promise.all(
    runs.flatMap((run) => [run.waitFor("room joined"), run.waitFor("channel joined")]),
  );
});

afterAll(async () => {
  alice.close();
  ivan.quit();
  for (const relay of relays) await relay.remove();
  await Promise.all([xmpp.stop(), irc.stop()]);
});

test("two relays between the same room and channel make no circle of what is said", async () => {
  for (let n = 1; n <= 3; n += 1) {
    alice.say(`from the room ${n}`);
    expect(await linesUntilQuiet()).toBeLessThanOrEqual(MOST_LINES);
    ivan.say(`from the channel ${n}`);
    expect(await linesUntilQuiet()).toBeLessThanOrEqual(MOST_LINES);
  }
});

test("each of the two warns once", async () => {
  for (const run of runs) {
    await run.waitFor(WARNING);
    expect(run.count(WARNING)).toBe(1);
  }
});

/** Both relays repeat what was said, and each may repeat the other's line once before it knows. */
const MOST_LINES = 4;

/** How many lines one that was just said has led to, in the room and the channel together. */
async function linesUntilQuiet(): Promise<number> {
  const before = relayedLines();
  for (let last = -1; last !== relayedLines(); ) {
    last = relayedLines();
    await clock.sleep(QUIET_MS);
  }
  return relayedLines() - before;
}

function relayedLines(): number {
  return alice.messages.filter(({ nick }) => nick !== "alice").length + ivan.messages.length;
}

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { freePort } from "../../../cli/demo/servers/free-port.ts";
import { startInspircd } from "../../../cli/demo/servers/inspircd.ts";
import type { IrcServer } from "../../../cli/demo/servers/irc-server.ts";
import { startProsody } from "../../../cli/demo/servers/prosody.ts";
import type { XmppServer } from "../../../cli/demo/servers/xmpp-server.ts";
import { phpAnnounce } from "../../support/php-announce.ts";
import { Saxbridge } from "../../support/saxbridge-process.ts";
import { ScriptedIrcServer } from "../../support/scripted-irc-server.ts";
import { startEjabberd } from "../../support/servers/ejabberd.ts";
import {
  enterChannel,
  enterRoom,
  openScene,
  relayEnvironment,
  type Scene,
  USERS,
  xmppEnvironment,
} from "./scene.ts";

/** How soon after a server is back everything said meanwhile has to be heard. */
const RECOVERY_MS = 10_000;
const HISTORY = 100;

let xmpp: XmppServer;
let irc: IrcServer;
let scene: Scene;

describe.each([
  { name: "Prosody", start: startProsody },
  { name: "ejabberd", start: startEjabberd },
])("when $name crashes and comes back", ({ start }) => {
  beforeEach(async () => {
    [xmpp, irc] = await Promise.all([start({ users: USERS, history: HISTORY }), startInspircd()]);
    scene = await openScene({ xmpp, irc });
  });

  afterEach(async () => {
    await scene.close();
    await Promise.all([xmpp.stop(), irc.stop()]);
  });

  test("what was said meanwhile is heard, and the conversation goes on", async () => {
    const { ivan, saxbridge, run } = scene;
    const before = numbered("before", 3);
    for (const line of before) ivan.say(line);
    await scene.alice.waitForMessage("<ivan> before 3");

    await xmpp.kill9();
    const meanwhile = numbered("meanwhile", 20);
    for (const line of meanwhile) ivan.say(line);
    await phpAnnounce(saxbridge.socket, ["announced meanwhile"], { via: "socket_sendto" });
    await run.waitFor(({ event, bridge }) => event === "no connection" && bridge === "irc-relay");

    // Held up, so that somebody is sure to speak before the bridges are back in the room.
    run.signal("SIGSTOP");
    await xmpp.restart();
    const alice = await enterRoom(xmpp, { history: HISTORY });
    alice.say("is nobody here?");
    await alice.waitForMessage("is nobody here?");
    run.signal("SIGCONT");
    const since = performance.now();
    await alice.waitForMessage("<ivan> meanwhile 20", RECOVERY_MS);
    await alice.waitForMessage("announced meanwhile", RECOVERY_MS);
    await ivan.waitForMessage("<webridge> announced meanwhile", RECOVERY_MS);
    alice.say("welcome back");
    await ivan.waitForMessage("<alice> welcome back", RECOVERY_MS);
    ivan.say("thank you");
    await alice.waitForMessage("<ivan> thank you", RECOVERY_MS);
    expect(performance.now() - since).toBeLessThan(RECOVERY_MS);

    const relayed = alice.messages.filter(({ nick }) => nick === "irc").map(({ body }) => body);
    expect(relayed.filter((body) => !body.includes("before"))).toEqual([
      ...meanwhile.map((line) => `<ivan> ${line}`),
      "<ivan> thank you",
    ]);
    expect(heardBy(ivan)).toEqual([
      "<alice> is nobody here?",
      "<webridge> announced meanwhile",
      "<alice> welcome back",
    ]);
    alice.close();
  });
});

test("what is said in the room after the start and before the relay is in reaches the channel", async () => {
  [xmpp, irc] = await Promise.all([startProsody({ users: USERS }), startInspircd()]);
  await xmpp.kill9();
  const ivan = await enterChannel(irc);
  const saxbridge = await Saxbridge.install({
    ...xmppEnvironment(xmpp),
    ...relayEnvironment([irc]),
  });
  const run = saxbridge.run();
  await run.waitFor("no connection");
  await run.waitFor("channel joined");
  run.signal("SIGSTOP");
  await xmpp.restart();
  const alice = await enterRoom(xmpp);
  alice.say("is nobody here?");
  await alice.waitForMessage("is nobody here?");
  run.signal("SIGCONT");
  const { nick } = await ivan.waitForMessage("<alice> is nobody here?", RECOVERY_MS);
  expect(nick).toBe("saxjax");
  alice.close();
  ivan.quit();
  await saxbridge.remove();
  await Promise.all([xmpp.stop(), irc.stop()]);
});

describe("with IRC servers that fail", () => {
  beforeEach(async () => {
    [xmpp, irc] = await Promise.all([startProsody({ users: USERS }), startInspircd()]);
  });

  afterEach(async () => {
    await Promise.all([xmpp.stop(), irc.stop()]);
  });

  test("what was said while the server was away is heard once it is back", async () => {
    scene = await openScene({ xmpp, irc });
    const { alice, run } = scene;
    await irc.kill9();
    // What is said before that may go into the dead connection: it is told of, and not said again.
    await run.waitFor("no connection");
    const meanwhile = numbered("meanwhile", 20);
    for (const line of meanwhile) alice.say(line);
    await alice.waitForMessage("meanwhile 20");

    await irc.restart();
    const since = performance.now();
    const ivan = await enterChannel(irc);
    await ivan.waitForMessage("<alice> meanwhile 20", RECOVERY_MS);
    ivan.say("thank you");
    await alice.waitForMessage("<ivan> thank you", RECOVERY_MS);
    alice.say("welcome back");
    await ivan.waitForMessage("<alice> welcome back", RECOVERY_MS);
    expect(performance.now() - since).toBeLessThan(RECOVERY_MS);
    expect(heardBy(ivan)).toEqual([
      ...meanwhile.map((line) => `<alice> ${line}`),
      "<alice> welcome back",
    ]);
    ivan.quit();
    await scene.close();
  });

  test("the third of three is found within seconds", async () => {
    const banning = await ScriptedIrcServer.start({
      greet: (client) => {
        client.refuse("Closing Link: 127.0.0.1 (K-Lined: no bots)");
        return true;
      },
    });
    const alice = await enterRoom(xmpp);
    const ivan = await enterChannel(irc);
    const saxbridge = await Saxbridge.install({
      ...xmppEnvironment(xmpp),
      ...relayEnvironment([{ port: await freePort() }, banning, irc]),
    });
    const since = performance.now();
    const run = saxbridge.run();
    const connected = await run.waitFor("irc connected");
    await run.waitFor("channel joined");
    expect(performance.now() - since).toBeLessThan(5_000);
    expect(connected["server"]).toBe(`127.0.0.1:${irc.port}`);
    expect(banning.clients).toHaveLength(1);
    alice.say("are we there?");
    await ivan.waitForMessage("<alice> are we there?");
    alice.close();
    ivan.quit();
    await saxbridge.remove();
    await banning.close();
  });
});

function heardBy({ messages }: Scene["ivan"]): readonly string[] {
  return messages.map(({ text }) => text);
}

function numbered(name: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, n) => `${name} ${n + 1}`);
}

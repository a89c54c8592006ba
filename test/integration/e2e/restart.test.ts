import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { startInspircd } from "../../../cli/demo/servers/inspircd.ts";
import type { IrcServer } from "../../../cli/demo/servers/irc-server.ts";
import { startProsody } from "../../../cli/demo/servers/prosody.ts";
import type { XmppServer } from "../../../cli/demo/servers/xmpp-server.ts";
import { phpAnnounce } from "../../support/php-announce.ts";
import type { SaxbridgeRun } from "../../support/saxbridge-process.ts";
import { keptOnDisk } from "./kept-on-disk.ts";
import { inPlace, openScene, type Scene, USERS } from "./scene.ts";

const HISTORY = 20;
const ANNOUNCED = 3_000;
const SAID = 40;

let xmpp: XmppServer;
let irc: IrcServer;
let scene: Scene;
let scenes = 0;

const PATIENCE = { timeout: 10_000 };

beforeAll(async () => {
  [xmpp, irc] = await Promise.all([
    startProsody({ users: USERS, history: HISTORY }),
    startInspircd(),
  ]);
});

afterAll(() => Promise.all([xmpp.stop(), irc.stop()]));

afterEach(() => scene.close());

test.each(["terminate", "kill9"] as const)("%s and a new start repeat nothing", async (stop) => {
  scene = await open();
  const { alice, ivan, saxbridge, run } = scene;
  const lines = numbered("history", HISTORY);
  for (const line of lines) alice.say(line);
  await ivan.waitForMessage(`<alice> ${lines.at(-1)}`);
  ivan.say("and one from IRC");
  await alice.waitForMessage("<ivan> and one from IRC");
  // A crash at this instant could not know yet that the last line was heard.
  const queues = queuesOf(scene);
  await vi.waitFor(async () => expect(await keptOnDisk(saxbridge, queues)).toBe(0), PATIENCE);
  await run[stop]();
  alice.forget();
  ivan.forget();

  await inPlace(saxbridge.run());
  alice.say("hello again");
  await ivan.waitForMessage("<alice> hello again");
  ivan.say("hello");
  await alice.waitForMessage("<ivan> hello");
  expect(ivan.messages.map(({ text }) => text)).toEqual(["<alice> hello again"]);
  // Of the time in which it was away, the relay speaks itself.
  const said = alice.messages
    .map(({ body }) => body)
    .filter((body) => !body.startsWith("*** saxbridge: "));
  expect(said).toEqual(["hello again", "<ivan> hello"]);
});

test("a stop in a burst of announcements is quick, and those that were sent are heard once", async () => {
  scene = await open();
  const { alice, saxbridge, run } = scene;
  const announcements = numbered("announcement", ANNOUNCED);
  const sending = phpAnnounce(saxbridge.socket, announcements, { via: "socket_sendto" });
  await alice.waitForMessage(announcements[ANNOUNCED / 10] ?? "");
  await stopsInTime(run);
  const sends = await sending;
  const sent = announcements.filter((_text, i) => sends[i]?.error === null);

  await inPlace(saxbridge.run());
  await phpAnnounce(saxbridge.socket, ["the last one"], { via: "socket_sendto" });
  await alice.waitForMessage("the last one", 30_000);
  const heard = alice.messages.filter(({ nick }) => nick === "webridge");
  expect(heard.map(({ body }) => body)).toEqual([...sent, "the last one"]);
});

test("a stop with a backlog says what is kept, and a new start says that once", async () => {
  scene = await open({ IRC_BURST: "1", IRC_LINE_INTERVAL: "50ms" });
  const { alice, ivan, saxbridge, run } = scene;
  const lines = numbered("line", SAID);
  for (const line of lines) alice.say(line);
  await ivan.waitForMessage(`<alice> ${lines[10]}`);
  await stopsInTime(run);
  const { count } = await run.waitFor("messages kept for the next start");
  const before = ivan.messages.length;

  await inPlace(saxbridge.run());
  await ivan.waitForMessage(`<alice> ${lines.at(-1)}`, 30_000);
  expect(ivan.messages.map(({ text }) => text)).toEqual(lines.map((line) => `<alice> ${line}`));
  expect(count).toBe(SAID - before);
});

/** Opens a room and a channel of its own for each test. */
function open(env: Readonly<Record<string, string>> = {}): Promise<Scene> {
  scenes += 1;
  const room = `room${scenes}@conference.localhost`;
  return openScene({ xmpp, irc, room, channel: `#channel${scenes}`, env });
}

function queuesOf({ room, channel }: Scene): readonly string[] {
  return ["irc-to-room", "room-to-irc"].map((way) => `irc-relay ${way} ${channel} ${room}`);
}

async function stopsInTime(run: SaxbridgeRun): Promise<void> {
  const since = performance.now();
  const { code } = await run.terminate();
  expect(performance.now() - since).toBeLessThan(5_000);
  expect(code).toBe(0);
}

function numbered(name: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, n) => `${name} ${n + 1}`);
}

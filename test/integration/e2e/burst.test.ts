import { afterAll, beforeAll, expect, test } from "vitest";
import { startInspircd } from "../../../cli/demo/servers/inspircd.ts";
import type { IrcServer } from "../../../cli/demo/servers/irc-server.ts";
import { startProsody } from "../../../cli/demo/servers/prosody.ts";
import type { XmppServer } from "../../../cli/demo/servers/xmpp-server.ts";
import { openScene, type Scene, USERS } from "./scene.ts";

const LINES = 2_000;
const PATIENCE_MS = 30_000;

let xmpp: XmppServer;
let irc: IrcServer;
let scene: Scene;

beforeAll(async () => {
  [xmpp, irc] = await Promise.all([startProsody({ users: USERS }), startInspircd()]);
  scene = await openScene({ xmpp, irc });
});

afterAll(async () => {
  await scene.close();
  await Promise.all([xmpp.stop(), irc.stop()]);
});

test("2,000 lines at once from the room reach the channel once each, in order", async () => {
  const lines = numbered("first");
  expect(await sayInRoom(lines)).toEqual(lines);
});

test("2,000 lines at once from the channel reach the room once each, in order", async () => {
  const lines = numbered("second");
  expect(await sayInChannel(lines)).toEqual(lines);
});

test("2,000 lines at once each way at the same time do as well", async () => {
  const lines = [numbered("third"), numbered("fourth")] as const;
  expect(await Promise.all([sayInRoom(lines[0]), sayInChannel(lines[1])])).toEqual(lines);
});

/** What the channel hears from the room up to the last of the lines, without the speaker. */
async function sayInRoom(lines: readonly string[]): Promise<readonly string[]> {
  const { alice, ivan } = scene;
  ivan.forget();
  for (const line of lines) alice.say(line);
  await ivan.waitForMessage(`<alice> ${lines.at(-1)}`, PATIENCE_MS);
  return ivan.messages.map(({ text }) => text.replace("<alice> ", ""));
}

/** What the room hears from the channel up to the last of the lines, without the speaker. */
async function sayInChannel(lines: readonly string[]): Promise<readonly string[]> {
  const { alice, ivan } = scene;
  alice.forget();
  for (const line of lines) ivan.say(line);
  await alice.waitForMessage(`<ivan> ${lines.at(-1)}`, PATIENCE_MS);
  const fromRelay = alice.messages.filter(({ nick }) => nick === "irc");
  return fromRelay.map(({ body }) => body.replace("<ivan> ", ""));
}

function numbered(name: string): readonly string[] {
  return Array.from({ length: LINES }, (_, n) => `${name} ${n + 1}`);
}

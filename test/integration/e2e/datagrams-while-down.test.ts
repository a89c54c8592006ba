import { afterAll, beforeAll, expect, test } from "vitest";
import { startProsody } from "../../../cli/demo/servers/prosody.ts";
import type { XmppServer } from "../../../cli/demo/servers/xmpp-server.ts";
import { phpAnnounce, slowest } from "../../support/php-announce.ts";
import { Saxbridge, type SaxbridgeRun } from "../../support/saxbridge-process.ts";
import { enterRoom, USERS, webridgeEnvironment, xmppEnvironment } from "./scene.ts";

const SENT = 10_000;
const KEPT = 8_000;
const MEBIBYTE = 1024 * 1024;

let xmpp: XmppServer;
let saxbridge: Saxbridge;
let run: SaxbridgeRun;

beforeAll(async () => {
  // As much history as there is to hear, so that it does not matter who enters the room first.
  xmpp = await startProsody({ users: USERS, history: SENT });
  saxbridge = await Saxbridge.install({
    ...xmppEnvironment(xmpp),
    ...webridgeEnvironment(),
    WEBRIDGE_QUEUE_MESSAGES: String(KEPT),
  });
  run = saxbridge.run();
  await run.waitFor("room joined");
});

afterAll(async () => {
  await saxbridge.remove();
  await xmpp.stop();
});

test("10,000 announcements while XMPP is down never hold up the site, and are bounded", async () => {
  const texts = Array.from({ length: SENT }, (_, n) => `announcement ${n + 1}: ${"é".repeat(50)}`);
  const before = run.residentBytes();
  await xmpp.kill9();
  await run.waitFor("no connection");

  const sends = await phpAnnounce(saxbridge.socket, texts, { via: "socket_sendto" });
  expect(sends.filter(({ error }) => error !== null)).toEqual([]);
  expect(slowest(sends)).toBeLessThan(50);
  await run.waitFor("outbox full");
  expect(run.residentBytes() - before).toBeLessThan(64 * MEBIBYTE);

  await xmpp.restart();
  const alice = await enterRoom(xmpp, { history: SENT });
  const { body: summary } = await alice.waitForMessage(({ body }) => /left out/.test(body), 30_000);
  expect(summary).toContain(`${SENT - KEPT} announcements since `);
  const heard = alice.messages.filter(({ nick }) => nick === "webridge").map(({ body }) => body);
  expect(heard).toEqual([...texts.slice(0, KEPT), summary]);
  expect(run.log.filter(({ event }) => event === "left out")).toMatchObject([
    { count: SENT - KEPT },
  ]);
  expect(run.count("outbox full")).toBe(1);

  const { code } = await run.terminate();
  expect(code).toBe(0);
  expect(run.count("announcements kept for the next start")).toBe(0);
  alice.close();
});

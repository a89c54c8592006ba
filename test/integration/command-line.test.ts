import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { startInspircd } from "../../cli/demo/servers/inspircd.ts";
import { startProsody } from "../../cli/demo/servers/prosody.ts";
import { sendDatagram } from "../../shared/unix/datagram.ts";
import { openSocket } from "../../shared/unix/socket.ts";
import { Saxbridge } from "../support/saxbridge-process.ts";
import { relayEnvironment, USERS, webridgeEnvironment, xmppEnvironment } from "./e2e/scene.ts";

/** Far less than check gives to links that are not up. */
const AT_ONCE = 15_000;

test("check --connect says at once that one bridge has a wrong password, beside one that is right", async () => {
  const xmpp = await startProsody({ users: USERS });
  onTestFinished(() => xmpp.stop());
  const irc = await startInspircd();
  onTestFinished(() => irc.stop());
  const right = { ...xmppEnvironment(xmpp), ...webridgeEnvironment(), ...relayEnvironment([irc]) };
  expect(await runToEnd(["check", "--connect"], right)).toMatchObject({ code: 0 });
  const begin = performance.now();
  const wrong = { ...right, WEBRIDGE_XMPP_PASSWORD: "wrong" };
  expect(await runToEnd(["check", "--connect"], wrong)).toMatchObject({ code: 78 });
  expect(performance.now() - begin).toBeLessThan(AT_ONCE);
});

test("a second --env is refused, not taken in place of the first", async () => {
  const { code, stderr } = await runToEnd(["check", "--env", "one.env", "--env", "two.env"]);
  expect(code).toBe(2);
  expect(stderr).toBe(
    "saxbridge: --env names one file: run saxbridge once for each; see saxbridge --help",
  );
});

test("say needs no secret, so that whoever may write to the socket can use it", async () => {
  const directory = mkdtempSync(join(tmpdir(), "saxbridge-say-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const path = join(directory, "webridge.sock");
  const heard: string[] = [];
  const socket = openSocket((bytes) => heard.push(String(bytes)));
  onTestFinished(() => socket.close());
  socket.bind(path);
  const env = { WEBRIDGE_SOCKET: path, WEBRIDGE_XMPP_PASSWORD_FILE: join(directory, "not-ours") };
  expect(await runToEnd(["say", "Hello,", "room"], env)).toEqual({
    code: 0,
    stderr: "",
    stdout: "",
  });
  await vi.waitFor(() => expect(heard).toEqual(["Hello, room"]));
});

test("say refuses a path that no socket can have", async () => {
  const { code, stderr } = await runToEnd(["say", "Hello"], { WEBRIDGE_SOCKET: "x".repeat(108) });
  expect(code).toBe(78);
  expect(stderr).toContain("WEBRIDGE_SOCKET should be a path of at most 107 bytes");
});

test("run names what waits for a link that is no longer configured", async () => {
  const saxbridge = await Saxbridge.install({
    ...xmppEnvironment({ port: 1 }),
    ...webridgeEnvironment("old@conference.localhost"),
  });
  onTestFinished(() => saxbridge.remove());
  const before = saxbridge.run();
  await before.waitFor("listening for announcements");
  await sendDatagram(saxbridge.socket, Buffer.from("Who hears this?"));
  await before.terminate();
  const after = saxbridge.run(["run"], { WEBRIDGE_ROOM: "new@conference.localhost" });
  expect(await after.waitFor("messages kept for a link that does not run")).toMatchObject({
    level: "warn",
    queue: "webridge old@conference.localhost",
    count: 1,
  });
});

async function runToEnd(words: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const saxbridge = await Saxbridge.install(env);
  try {
    return await saxbridge.run(words).ended;
  } finally {
    await saxbridge.remove();
  }
}

import { existsSync, lstatSync, mkdirSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { freePort } from "../../cli/demo/servers/free-port.ts";
import { startInspircd } from "../../cli/demo/servers/inspircd.ts";
import type { IrcServer } from "../../cli/demo/servers/irc-server.ts";
import { startProsody } from "../../cli/demo/servers/prosody.ts";
import type { XmppServer } from "../../cli/demo/servers/xmpp-server.ts";
import { Status } from "../../shared/observe/status.ts";
import { sendDatagram } from "../../shared/unix/datagram.ts";
import { openSocket } from "../../shared/unix/socket.ts";
import { Saxbridge } from "../support/saxbridge-process.ts";
import {
  openScene,
  relayEnvironment,
  type Scene,
  USERS,
  webridgeEnvironment,
  xmppEnvironment,
} from "./e2e/scene.ts";

let xmpp: XmppServer;
let irc: IrcServer;

beforeAll(async () => {
  [xmpp, irc] = await Promise.all([startProsody({ users: USERS }), startInspircd()]);
});

afterAll(async () => {
  await Promise.all([xmpp.stop(), irc.stop()]);
});

async function setUp(env: Readonly<Record<string, string>> = {}): Promise<Scene> {
  const scene = await openScene({ xmpp, irc, env });
  onTestFinished(() => scene.close());
  return scene;
}

/** One bridge, whose XMPP server is not there. */
async function startAlone(env: Readonly<Record<string, string>> = {}) {
  const saxbridge = await Saxbridge.install({
    ...xmppEnvironment({ port: 1 }),
    ...webridgeEnvironment(),
    ...env,
  });
  onTestFinished(() => saxbridge.remove());
  const run = saxbridge.run();
  await run.waitFor("listening for announcements");
  return { saxbridge, run };
}

function ask(socketPath: string, path: string) {
  return new Promise<{ readonly status: number | undefined; readonly body: string }>(
    (resolve, reject) => {
      const question = request({ socketPath, path }, (response) => {
        text(response).then((body) => resolve({ status: response.statusCode, body }), reject);
      });
      question.on("error", reject).end();
    },
  );
}

const control = (saxbridge: Saxbridge) => join(saxbridge.stateDirectory, "control.sock");

async function statusOf(saxbridge: Saxbridge) {
  const { code, stdout } = await saxbridge.run(["status", "--json"]).ended;
  return { code, status: Status.parse(JSON.parse(stdout)) };
}

describe("a service that is well", () => {
  test("says so to people and to programs, and names every link and direction", async () => {
    const port = await freePort();
    const { saxbridge, room, channel, ivan, alice } = await setUp({
      METRICS_LISTEN: `127.0.0.1:${port}`,
    });
    ivan.say("hello from IRC");
    await alice.waitForMessage(({ body }) => body.includes("hello from IRC"));
    await vi.waitFor(async () => {
      const { status } = await statusOf(saxbridge);
      const direction = status.directions.find(({ name }) => name.startsWith("irc-to-room"));
      expect(direction?.fates).toEqual({ delivered: 1 });
    });
    const { code, status } = await statusOf(saxbridge);
    expect(code).toBe(0);
    expect(status.troubles).toEqual([]);
    expect(status.links.map(({ name, state }) => `${name} ${state}`).toSorted()).toEqual([
      "announcements up",
      `channel ${channel} up`,
      "irc server up",
      `room ${room} for irc up`,
      `room ${room} for webridge up`,
      "xmpp relay@localhost up",
      "xmpp webridge@localhost up",
    ]);
    const proved = status.links.filter(({ provedAt }) => provedAt !== undefined);
    expect(proved).toHaveLength(6);
    expect(status.directions.map(({ name, pending }) => `${name} ${pending}`)).toEqual([
      `announcements ${room} 0`,
      `irc-to-room ${channel} ${room} 0`,
      `room-to-irc ${channel} ${room} 0`,
    ]);
    expect((await saxbridge.run(["status"]).ended).stdout).toMatch(
      /^saxbridge [\d.]+, running for \d+ s: all is well\n\nLinks\n {2}up {2}/,
    );
    expect(await ask(control(saxbridge), "/healthz")).toEqual({ status: 200, body: "ok\n" });
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    expect(metrics).toContain(`saxbridge_link_up{link="channel ${channel}"} 1\n`);
    expect(metrics).toContain(
      `saxbridge_direction_settled_messages_total{direction="irc-to-room ${channel} ${room}",fate="delivered"} 1\n`,
    );
    expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
    expect((await fetch(`http://127.0.0.1:${port}/status`)).status).toBe(404);
    expect((await fetch(`http://127.0.0.1:${port}/why?q=hello`)).status).toBe(404);
  });

  test("knows what became of a message, and so does who comes after it", async () => {
    const { saxbridge, run, alice } = await setUp();
    await sendDatagram(saxbridge.socket, Buffer.from("Kerm is back"));
    await alice.waitForMessage("Kerm is back");
    const why = async () => (await saxbridge.run(["why", "Kerm is", "back"]).ended).stdout;
    await vi.waitFor(async () => expect(await why()).toContain("fate       delivered: "));
    const told = await why();
    await run.terminate();
    expect(await why()).toBe(told);
    const unknown = await saxbridge.run(["why", "never said"]).ended;
    expect(unknown).toMatchObject({ code: 0, stdout: expect.stringContaining("Nothing is known") });
  });
});

describe("a service in trouble", () => {
  test("a bridge that cannot heal has failed with its reason, and the other one works", async () => {
    const saxbridge = await Saxbridge.install({
      ...xmppEnvironment(xmpp),
      ...webridgeEnvironment(),
      ...relayEnvironment([irc]),
      WEBRIDGE_XMPP_PASSWORD: "wrong",
    });
    onTestFinished(() => saxbridge.remove());
    const run = saxbridge.run();
    await Promise.all([run.waitFor("bridge failed"), run.waitFor("channel joined")]);
    await vi.waitFor(async () => {
      const { code, status } = await statusOf(saxbridge);
      expect(code).toBe(69);
      expect(status.troubles).toEqual([expect.stringMatching(/^webridge is failed: .*password/)]);
      expect(status.directions.map(({ heldUpBy }) => heldUpBy)).toEqual([
        status.troubles[0],
        undefined,
        undefined,
      ]);
    });
    expect(await ask(control(saxbridge), "/healthz")).toMatchObject({ status: 503 });
  });

  test("names what is down, and how often it was tried", async () => {
    const { saxbridge } = await startAlone();
    await vi.waitFor(async () => {
      const { code, status } = await statusOf(saxbridge);
      expect(code).toBe(69);
      const link = status.links.find(({ name }) => name === "xmpp webridge@localhost");
      expect(link?.attempts).toBeGreaterThan(1);
      expect(link?.detail).toContain("ECONNREFUSED");
    });
    const { status, body } = await ask(control(saxbridge), "/healthz");
    expect(status).toBe(503);
    expect(body).toContain("xmpp webridge@localhost is down: ");
  });

  test("is found waiting for what nobody has said yet", async () => {
    const { saxbridge } = await startAlone();
    await sendDatagram(saxbridge.socket, Buffer.from("Who hears this?"));
    await vi.waitFor(async () => {
      const { stdout } = await saxbridge.run(["why", "hears this"]).ended;
      expect(stdout).toContain("fate       waiting: ");
    });
  });

  test("an XMPP server that is away starves no watchdog", async () => {
    const directory = await Saxbridge.install({});
    onTestFinished(() => directory.remove());
    mkdirSync(directory.stateDirectory);
    const path = join(directory.stateDirectory, "notify");
    let fed = 0;
    const manager = openSocket((bytes) => {
      if (String(bytes) === "WATCHDOG=1") fed += 1;
    });
    manager.bind(path);
    onTestFinished(() => manager.close());
    const { run } = await startAlone({ NOTIFY_SOCKET: path, WATCHDOG_USEC: "200000" });
    await vi.waitFor(() => expect(fed).toBeGreaterThan(10), { timeout: 10_000 });
    expect(run.count("watchdog not fed")).toBe(0);
  });
});

describe("the control socket", () => {
  test("is for its owner alone, survives a kill, and is gone after a stop", async () => {
    const { saxbridge, run } = await startAlone();
    await run.waitFor("answering questions");
    expect(lstatSync(control(saxbridge)).mode & 0o777).toBe(0o600);
    await run.kill9();
    expect(existsSync(control(saxbridge))).toBe(true);
    expect(await notRunning(saxbridge)).toContain("no saxbridge runs here");
    const again = saxbridge.run();
    await again.waitFor("answering questions");
    expect(await ask(control(saxbridge), "/status")).toMatchObject({ status: 200 });
    await again.terminate();
    expect(existsSync(control(saxbridge))).toBe(false);
    expect(await notRunning(saxbridge)).toContain("no saxbridge runs here");
  });

  test("a path that no socket can have is a warning, and no reason not to run", async () => {
    const long = join("state", "x".repeat(100));
    const { run } = await startAlone({ STATE_DIRECTORY: long });
    expect(await run.waitFor("no control socket")).toMatchObject({ level: "warn" });
  });

  test("a place that cannot be had is said, and no reason not to run", async () => {
    const { run } = await startAlone({ CONTROL_SOCKET: "/proc/control.sock" });
    expect(await run.waitFor("questions cannot be asked")).toMatchObject({ level: "error" });
    expect(await run.terminate()).toMatchObject({ code: 0 });
  });
});

async function notRunning(saxbridge: Saxbridge): Promise<string> {
  const { code, stderr } = await saxbridge.run(["status"]).ended;
  expect(code).toBe(69);
  return stderr;
}

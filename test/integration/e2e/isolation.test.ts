import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { freePort } from "../../../cli/demo/servers/free-port.ts";
import { startProsody } from "../../../cli/demo/servers/prosody.ts";
import type { XmppServer } from "../../../cli/demo/servers/xmpp-server.ts";
import { phpAnnounce } from "../../support/php-announce.ts";
import { Saxbridge, type SaxbridgeRun } from "../../support/saxbridge-process.ts";
import { ScriptedIrcServer } from "../../support/scripted-irc-server.ts";
import type { XmppUser } from "../../support/users/xmpp-user.ts";
import {
  enterRoom,
  relayEnvironment,
  USERS,
  webridgeEnvironment,
  xmppEnvironment,
} from "./scene.ts";

type Environment = Readonly<Record<string, string>>;

let xmpp: XmppServer;
let alice: XmppUser;
let installed: Saxbridge[] = [];

beforeAll(async () => {
  xmpp = await startProsody({ users: USERS });
});

afterAll(() => xmpp.stop());

beforeEach(async () => {
  alice = await enterRoom(xmpp);
});

afterEach(async () => {
  alice.close();
  for (const saxbridge of installed) await saxbridge.remove();
  installed = [];
});

async function install(env: Environment): Promise<Saxbridge> {
  const saxbridge = await Saxbridge.install(env);
  installed.push(saxbridge);
  return saxbridge;
}

describe("webridge goes on", () => {
  test("when the IRC server refuses the account", async () => {
    const irc = await ScriptedIrcServer.start({ capabilities: [["sasl"]], sasl: "refuse" });
    const { saxbridge, run } = await runBoth(relayEnvironment([irc]), {
      IRC_SASL_USERNAME: "saxjax",
      IRC_SASL_PASSWORD: "wrong",
    });
    const failed = await run.waitFor("bridge failed");
    expect(failed["bridge"]).toBe("irc-relay");
    expect(messageOf(failed)).toContain("SASL");
    expect(await isAnnounced(saxbridge, "in spite of SASL")).toBe(true);
    await irc.close();
  });

  test("when the IRC server refuses its password", async () => {
    const irc = await ScriptedIrcServer.start({
      greet: (client) => {
        client.numeric("464", ":Password incorrect");
        client.refuse("Closing Link: (Bad Password)");
        return true;
      },
    });
    const { saxbridge, run } = await runBoth(relayEnvironment([irc]), {
      IRC_SERVER_PASSWORD: "wrong",
    });
    const failed = await run.waitFor("bridge failed");
    expect(failed["bridge"]).toBe("irc-relay");
    expect(await isAnnounced(saxbridge, "in spite of the password")).toBe(true);
    await irc.close();
  });

  test("when no IRC server can be reached", async () => {
    const { saxbridge, run } = await runBoth(relayEnvironment([{ port: await freePort() }]));
    const lost = await run.waitFor("no connection");
    expect(lost["reason"]).toContain("ECONNREFUSED");
    expect(await isAnnounced(saxbridge, "in spite of IRC")).toBe(true);
  });

  test("when the XMPP server refuses the relay's account, and the program does not end", async () => {
    const { saxbridge, run } = await runBoth(relayEnvironment([{ port: await freePort() }]), {
      IRC_XMPP_PASSWORD: "wrong",
    });
    const failed = await run.waitFor("bridge failed");
    expect(failed["bridge"]).toBe("irc-relay");
    expect(messageOf(failed)).toContain("relay@localhost");
    expect(await isAnnounced(saxbridge, "in spite of the relay")).toBe(true);
    expect(await run.terminate()).toMatchObject({ code: 0 });
  });
});

test("check --connect ends although nothing is there", async () => {
  const saxbridge = await install({
    ...xmppEnvironment(xmpp),
    ...webridgeEnvironment(),
    XMPP_SERVICE: `xmpp://127.0.0.1:${await freePort()}`,
  });
  const { code } = await saxbridge.run(["check", "--connect", "webridge"]).ended;
  expect(code).toBe(69);
});

describe("the program ends with 78 and says what to mend", () => {
  test("when its only bridge has a wrong password", async () => {
    const saxbridge = await install({
      ...xmppEnvironment(xmpp),
      ...webridgeEnvironment(),
      WEBRIDGE_XMPP_PASSWORD: "wrong",
    });
    const run = saxbridge.run();
    expect((await run.ended).code).toBe(78);
    const why = messageOf(await run.waitFor("bridge failed"));
    expect(why).toMatch(/^Cannot log in to XMPP as webridge@localhost: not-authorized/);
    expect(why).toMatch(/; check the JID and the password$/);
  });

  test("when another one has the state directory", async () => {
    const { saxbridge } = await runBoth(relayEnvironment([{ port: await freePort() }]));
    const second = await saxbridge.run(["run", "webridge"]).ended;
    expect(second.code).toBe(78);
    expect(second.stderr).toContain("another saxbridge is running with this state directory");
    expect(second.stderr).toContain(saxbridge.stateDirectory);
    expect(await isAnnounced(saxbridge, "in spite of the second")).toBe(true);
  });

  test("when another one has the socket", async () => {
    const { saxbridge } = await runBoth(relayEnvironment([{ port: await freePort() }]));
    const run = saxbridge.run(["run", "webridge"], {
      STATE_DIRECTORY: join(saxbridge.stateDirectory, "second"),
    });
    expect((await run.ended).code).toBe(78);
    expect(messageOf(await run.waitFor("bridge failed"))).toBe(
      `Cannot listen on ${saxbridge.socket}: another process is listening there`,
    );
    expect(await isAnnounced(saxbridge, "in spite of the other")).toBe(true);
  });

  test("when nothing is configured", async () => {
    const saxbridge = await install({});
    const { code, stderr } = await saxbridge.run().ended;
    expect(code).toBe(78);
    expect(stderr).toMatch(/^saxbridge: nothing is configured: /);
  });

  test("when variables are wrong, all of them at once and no secret", async () => {
    const saxbridge = await install({
      ...webridgeEnvironment("not a room"),
      ...relayEnvironment([], { channel: "" }),
      XMPP_SERVICE: "http://example.org",
      WEBRIDGE_XMPP_PASSWORD: "hunter2",
      WEBRIDGE_SOCKET_MODE: "rw-rw----",
      IRC_NICK: "two words",
    });
    const { code, stderr } = await saxbridge.run().ended;
    expect(code).toBe(78);
    const named = Array.from(stderr.matchAll(/^ {2}([A-Z_]+) /gm), ([, variable]) => variable);
    expect(new Set(named)).toEqual(
      new Set([
        "IRC_LINKS",
        "IRC_NICK",
        "IRC_SERVERS",
        "WEBRIDGE_ROOM",
        "WEBRIDGE_SOCKET_MODE",
        "XMPP_DOMAIN",
        "XMPP_SERVICE",
      ]),
    );
    expect(stderr).not.toContain("hunter2");
  });

  test("when a certificate file cannot be read", async () => {
    const saxbridge = await install({ ...xmppEnvironment(xmpp), ...webridgeEnvironment() });
    const missing = join(saxbridge.stateDirectory, "missing.pem");
    const run = saxbridge.run(["run"], { XMPP_TLS_CA: missing });
    const { code, stderr } = await run.ended;
    expect(code).toBe(78);
    expect(stderr).toContain("XMPP_TLS_CA");
  });
});

/** Runs both bridges, with this environment for the relay; resolves when webridge is in the room. */
async function runBoth(...env: readonly Environment[]) {
  const saxbridge = await install(
    Object.assign({}, xmppEnvironment(xmpp), webridgeEnvironment(), ...env),
  );
  const run = saxbridge.run();
  await run.waitFor(({ event, bridge }) => event === "room joined" && bridge === "webridge");
  return { saxbridge, run };
}

async function isAnnounced({ socket }: Saxbridge, text: string): Promise<boolean> {
  await phpAnnounce(socket, [text], { via: "socket_sendto" });
  return (await alice.waitForMessage(text)).nick === "webridge";
}

/** What the error of a logged line says. */
function messageOf({ error }: SaxbridgeRun["log"][number]): string {
  return error !== null && typeof error === "object" && "message" in error
    ? String(error.message)
    : "";
}

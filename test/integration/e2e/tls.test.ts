import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Certificate, makeCertificate } from "../../../cli/demo/servers/certificate.ts";
import { startInspircd } from "../../../cli/demo/servers/inspircd.ts";
import type { IrcServer } from "../../../cli/demo/servers/irc-server.ts";
import { startProsody } from "../../../cli/demo/servers/prosody.ts";
import type { XmppServer } from "../../../cli/demo/servers/xmpp-server.ts";
import { phpAnnounce } from "../../support/php-announce.ts";
import { Saxbridge } from "../../support/saxbridge-process.ts";
import { startEjabberd } from "../../support/servers/ejabberd.ts";
import {
  enterChannel,
  enterRoom,
  relayEnvironment,
  USERS,
  webridgeEnvironment,
  xmppEnvironment,
} from "./scene.ts";

type Environment = Readonly<Record<string, string>>;

let directory: string;
/** Signed by an authority that no server here was signed by. */
let foreign: Certificate;
let installed: Saxbridge[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "saxbridge-tls-"));
  foreign = await makeCertificate(directory, ["localhost"]);
});

afterAll(() => rm(directory, { recursive: true }));

afterEach(async () => {
  for (const saxbridge of installed) await saxbridge.remove();
  installed = [];
});

async function install(...env: readonly Environment[]): Promise<Saxbridge> {
  const saxbridge = await Saxbridge.install(Object.assign({}, ...env));
  installed.push(saxbridge);
  return saxbridge;
}

describe.each([
  { name: "Prosody", start: startProsody },
  { name: "ejabberd", start: startEjabberd },
])("$name", ({ start }) => {
  let startTls: XmppServer;
  let direct: XmppServer;

  beforeAll(async () => {
    [startTls, direct] = await Promise.all([
      start({ users: USERS, tls: "starttls" }),
      start({ users: USERS, tls: "direct" }),
    ]);
  });

  afterAll(() => Promise.all([startTls.stop(), direct.stop()]));

  test("is reached by STARTTLS", async () => {
    const env = required(startTls, `xmpp://127.0.0.1:${startTls.port}`);
    expect(await isAnnounced(startTls, env)).toBe(true);
  });

  test("is reached by TLS from the first byte", async () => {
    const env = required(direct, `xmpps://127.0.0.1:${direct.tlsPort}`);
    expect(await isAnnounced(direct, env)).toBe(true);
  });

  test("is reached by WebSocket", async () => {
    const env = { ...xmppEnvironment(direct), XMPP_SERVICE: direct.webSocketUrl };
    expect(await isAnnounced(direct, env)).toBe(true);
  });

  test.each(["STARTTLS", "direct TLS"])(
    "is not trusted by %s without its authority",
    async (how) => {
      const service =
        how === "STARTTLS"
          ? `xmpp://127.0.0.1:${startTls.port}`
          : `xmpps://127.0.0.1:${direct.tlsPort}`;
      const env = { ...required(direct, service), XMPP_TLS_CA: foreign.ca };
      const run = (await install(env, webridgeEnvironment())).run();
      const lost = await run.waitFor("no connection");
      expect(lost["reason"]).toMatch(/certificate/i);
      expect(run.count("xmpp connected")).toBe(0);
    },
  );

  test("is not told a password without TLS where TLS is required", async () => {
    const env = required(direct, `xmpp://127.0.0.1:${direct.port}`);
    const run = (await install(env, webridgeEnvironment())).run();
    const lost = await run.waitFor("no connection");
    expect(lost["reason"]).toContain("TLS");
    expect(run.count("xmpp connected")).toBe(0);
  });
});

describe("InspIRCd", () => {
  let xmpp: XmppServer;
  let irc: IrcServer;

  beforeAll(async () => {
    [xmpp, irc] = await Promise.all([startProsody({ users: USERS }), startInspircd({ tls: true })]);
  });

  afterAll(() => Promise.all([xmpp.stop(), irc.stop()]));

  const relay = (env: Environment) =>
    install(
      xmppEnvironment(xmpp),
      relayEnvironment([]),
      { IRC_SERVERS: `ircs://localhost:${irc.tlsPort}`, IRC_TLS_CA: irc.ca ?? "" },
      env,
    );

  test("is reached by TLS, and sees our certificate", async () => {
    const { certificate, key } = foreign;
    const saxbridge = await relay({ IRC_TLS_CERT: certificate, IRC_TLS_KEY: key });
    const ivan = await enterChannel(irc);
    const alice = await enterRoom(xmpp);
    const run = saxbridge.run();
    await run.waitFor("channel joined");
    alice.say("in secret");
    await ivan.waitForMessage("<alice> in secret");
    ivan.send("WHOIS saxjax");
    // RPL_WHOISSECURE and RPL_WHOISCERTFP.
    expect(await ivan.waitForLine((line) => line.includes(" 671 "))).toContain("saxjax");
    expect(await ivan.waitForLine((line) => line.includes(" 276 "))).toContain("fingerprint");
    alice.close();
    ivan.quit();
  });

  test("is not trusted without its authority", async () => {
    const run = (await relay({ IRC_TLS_CA: foreign.ca })).run();
    const lost = await run.waitFor("no connection");
    expect(lost["reason"]).toMatch(/certificate/i);
    expect(run.count("irc connected")).toBe(0);
  });
});

/** What demands TLS with this server's authority at the service URL. */
function required({ ca = "" }: XmppServer, service: string): Environment {
  return {
    XMPP_SERVICE: service,
    XMPP_DOMAIN: "localhost",
    XMPP_TLS: "required",
    XMPP_TLS_CA: ca,
  };
}

/** Whether webridge gets an announcement into the room this way. */
async function isAnnounced(server: XmppServer, env: Environment): Promise<boolean> {
  const saxbridge = await install(env, webridgeEnvironment());
  const alice = await enterRoom(server);
  const run = saxbridge.run();
  await run.waitFor("room joined");
  await phpAnnounce(saxbridge.socket, ["in secret"], { via: "socket_sendto" });
  const { nick } = await alice.waitForMessage("in secret");
  alice.close();
  return nick === "webridge";
}

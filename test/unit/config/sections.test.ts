import { describe, expect, test } from "vitest";
import { irc } from "../../../bridges/irc-relay/config.ts";
import { webridge } from "../../../bridges/webridge/config.ts";
import {
  ConfigError,
  type Env,
  isConfigured,
  readConfig,
  type Section,
  settings,
} from "../../../shared/config/section.ts";
import { general, xmpp } from "../../../shared/config/sections.ts";

const sections: Readonly<Record<string, Section>> = { xmpp, webridge, irc, general };

const webridgeEnv = {
  WEBRIDGE_XMPP_JID: "webridge@example.org",
  WEBRIDGE_XMPP_PASSWORD: "hunter2",
  WEBRIDGE_ROOM: "chat@conference.example.org",
};
const ircEnv = {
  IRC_XMPP_JID: "saxjax@example.org",
  IRC_XMPP_PASSWORD: "hunter2",
  IRC_SERVERS: "ircs://irc.libera.chat,irc://127.0.0.1",
  IRC_NICK: "saxjax",
  IRC_LINKS: "#cemetech=chat@conference.example.org",
};

describe.each(Object.entries(sections))("the section %s", (_name, section) => {
  test("describes every variable in one sentence", () => {
    for (const { variable, description } of settings(section)) {
      expect(`${variable}: ${description}`).toMatch(/^[A-Z_]+: [A-Z].{5,}\.$/);
    }
  });

  test("gives an example for whatever is neither secret nor has a default", () => {
    const silent = settings(section).filter(
      ({ example, standard, secret }) => example === undefined && standard === undefined && !secret,
    );
    expect(silent).toEqual([]);
  });

  test("takes its own examples and defaults", () => {
    expect(() => readConfig(section, examplesOf(section))).not.toThrow();
  });

  test("names a variable in every problem", () => {
    const nonsense = settings(section).map(({ variable }) => [variable, "\u0001"]);
    const problems = problemsOf(section, Object.fromEntries(nonsense));
    const named = problems.map((problem) => problem.split(" ")[0]);
    expect(named).toEqual(settings(section).map(({ variable }) => variable));
  });
});

test("webridge needs an account and a room, and fills in the rest", () => {
  expect(problemsOf(webridge, {}).map((problem) => problem.split(":")[0])).toEqual([
    "WEBRIDGE_XMPP_JID is not set",
    "WEBRIDGE_XMPP_PASSWORD is not set",
    "WEBRIDGE_ROOM is not set",
  ]);
  expect(readConfig(webridge, webridgeEnv).webridge).toMatchObject({
    xmppNick: "webridge",
    socket: "/run/saxbridge/webridge.sock",
    socketMode: 0o660,
    htmlEntities: "decode",
    newRoom: "accept",
    queueMessages: 100_000,
    queueBytes: 16_777_216,
  });
});

test("irc-relay needs accounts, servers and links, and fills in the rest", () => {
  expect(problemsOf(irc, {}).map((problem) => problem.split(":")[0])).toEqual([
    "IRC_XMPP_JID is not set",
    "IRC_XMPP_PASSWORD is not set",
    "IRC_SERVERS is not set",
    "IRC_NICK is not set",
    "IRC_LINKS is not set",
  ]);
  expect(readConfig(irc, ircEnv).irc).toMatchObject({
    xmppNick: "irc",
    realname: "saxbridge",
    burst: 5,
    lineInterval: 2_000,
    servicesTimeout: 0,
    newRoom: "accept",
    noticeRelay: true,
  });
});

test("a bridge counts as configured by its own variables, not by those of the XMPP server", () => {
  expect(isConfigured(webridge, { XMPP_DOMAIN: "example.org" })).toBe(false);
  expect(isConfigured(webridge, ircEnv)).toBe(false);
  expect(isConfigured(irc, { IRC_NICK: "saxjax" })).toBe(true);
});

test("the first directory is ours when systemd gives several", () => {
  const { stateDirectory } = readConfig(general, { STATE_DIRECTORY: "/var/lib/a:/var/lib/b" });
  expect(stateDirectory).toBe("/var/lib/a");
  expect(readConfig(general, {}).stateDirectory).toBe("./state");
});

describe("XMPP_TLS", () => {
  test.each(["xmpp://127.0.0.1:5222", "xmpp://[::1]", "ws://localhost:5280/ws", "wss://127.1.2.3"])(
    "may be optional with %s",
    (service) => {
      expect(readConfig(xmpp, xmppEnv(service, "optional")).xmpp.tls).toBe("optional");
    },
  );

  test.each(["xmpp://example.org", "xmpps://10.0.0.1", "xmpp://localhost.example.org", ""])(
    "has to be required with %j",
    (service) => {
      expect(problemsOf(xmpp, xmppEnv(service, "optional"))).toEqual([
        "XMPP_TLS should be required unless XMPP_SERVICE names a loopback host such as xmpp://127.0.0.1:5222",
      ]);
    },
  );

  test("is not to be had with ws://", () => {
    expect(problemsOf(xmpp, xmppEnv("ws://127.0.0.1/ws", "required"))).toEqual([
      "XMPP_SERVICE should be wss:// because ws:// is never encrypted and XMPP_TLS is required",
    ]);
  });
});

describe("IRC accounts", () => {
  const wrong: Readonly<Record<string, readonly [Env, RegExp]>> = {
    "a SASL password without account": [
      { IRC_SASL_PASSWORD: "hunter2" },
      /^IRC_SASL_USERNAME is not set although IRC_SASL_PASSWORD is:/,
    ],
    "a SASL account without password or certificate": [
      { IRC_SASL_USERNAME: "saxjax" },
      /^IRC_SASL_PASSWORD is not set although IRC_SASL_USERNAME is:/,
    ],
    "a certificate without key": [
      { IRC_TLS_CERT: "cert.pem" },
      /^IRC_TLS_KEY is not set although IRC_TLS_CERT is:/,
    ],
    "a key without certificate": [
      { IRC_TLS_KEY: "key.pem" },
      /^IRC_TLS_CERT is not set although IRC_TLS_KEY is:/,
    ],
    "a SASL password in clear over a network": [
      {
        IRC_SERVERS: "ircs://a.example.org,irc://b.example.org",
        IRC_SASL_USERNAME: "saxjax",
        IRC_SASL_PASSWORD: "hunter2",
      },
      /^IRC_SERVERS should all be ircs:\/\/ or loopback/,
    ],
    "a NickServ password in clear over a network": [
      { IRC_SERVERS: "irc://b.example.org", IRC_NICKSERV_PASSWORD: "hunter2" },
      /^IRC_SERVERS should all be ircs:\/\/ or loopback/,
    ],
    "a nick that no server takes": [{ IRC_NICK: "9 lives" }, /^IRC_NICK should be an IRC nick/],
    "a user name with @": [{ IRC_USERNAME: "a@b" }, /^IRC_USERNAME should be an IRC user name/],
  };

  test.each(Object.entries(wrong))("%s is refused", (_name, [env, message]) => {
    const problems = problemsOf(irc, { ...ircEnv, ...env });
    expect(problems).toEqual([expect.stringMatching(message)]);
    expect(problems.join("\n")).not.toContain("hunter2");
  });

  const right: Readonly<Record<string, Env>> = {
    "SASL PLAIN over TLS and loopback": { IRC_SASL_USERNAME: "s", IRC_SASL_PASSWORD: "hunter2" },
    "SASL EXTERNAL": { IRC_TLS_CERT: "cert.pem", IRC_TLS_KEY: "key.pem", IRC_SASL_USERNAME: "s" },
    "no account on a server without TLS": { IRC_SERVERS: "irc://b.example.org" },
  };

  test.each(Object.entries(right))("%s is taken", (_name, env) => {
    expect(problemsOf(irc, { ...ircEnv, ...env })).toEqual([]);
  });
});

function xmppEnv(service: string, tls: string): Env {
  return { XMPP_DOMAIN: "example.org", XMPP_SERVICE: service, XMPP_TLS: tls };
}

function examplesOf(section: Section): Env {
  return Object.fromEntries(
    settings(section).map(({ variable, example, standard, secret }) => [
      variable,
      secret ? "change-me" : (example ?? standard),
    ]),
  );
}

function problemsOf(section: Section, env: Env): readonly string[] {
  try {
    readConfig(section, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

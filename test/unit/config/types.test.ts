import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { z } from "zod";
import { address } from "../../../shared/config/address.ts";
import { ircLinks } from "../../../shared/config/irc-links.ts";
import { ircServers } from "../../../shared/config/irc-servers.ts";
import { bareJid, domain, roomJid } from "../../../shared/config/jids.ts";
import { isLoopback } from "../../../shared/config/loopback.ts";
import { socketPath } from "../../../shared/config/socket-path.ts";
import {
  bytes,
  duration,
  fileMode,
  flag,
  oneLine,
  oneOf,
  quote,
  wholeNumber,
} from "../../../shared/config/types.ts";
import { serviceUrl } from "../../../shared/config/xmpp-service.ts";

interface Examples {
  readonly type: z.ZodType;
  readonly takes: Readonly<Record<string, unknown>>;
  /** Text that is refused, and what the error says. */
  readonly refuses: Readonly<Record<string, RegExp>>;
}

const anyDuration = /^should be a duration such as 30s or 5m, at most 24d, not "/;
const anyServer = /^should be a list of ircs:\/\/host:port or irc:\/\/host:port, but holds "/;
const anyLink = /^should be a list of #channel=room@conference.example.org, but holds "/;

const types: Readonly<Record<string, Examples>> = {
  duration: {
    type: duration(),
    takes: {
      "0": 0,
      "0s": 0,
      "250ms": 250,
      "30s": 30_000,
      "5m": 300_000,
      "2h": 7_200_000,
      "1d": 86_400_000,
    },
    refuses: {
      "30": anyDuration,
      "30 s": anyDuration,
      "-1s": anyDuration,
      "1.5s": anyDuration,
      "5M": anyDuration,
      "1constructor": anyDuration,
      "25d": anyDuration,
      "99999999999999999999ms": anyDuration,
    },
  },
  "duration with a bound": {
    type: duration({ max: "1m" }),
    takes: { "60s": 60_000 },
    refuses: { "61s": /at most 1m, not "61s"$/ },
  },
  bytes: {
    type: bytes(),
    takes: { "64000B": 64_000, "256kB": 256_000, "64KiB": 65_536, "64MiB": 67_108_864 },
    refuses: {
      "64": /^should be a size such as 64MiB or 256kB, at least 64kB, not "64"$/,
      "9m": /not "9m"$/,
      "0B": /at least 64kB, not "0B"$/,
      "63999B": /at least 64kB, not "63999B"$/,
    },
  },
  "bytes with a bound": {
    type: bytes({ min: "1KiB" }),
    takes: { "1KiB": 1_024, "2kB": 2_000 },
    refuses: { "1kB": /at least 1KiB, not "1kB"$/ },
  },
  wholeNumber: {
    type: wholeNumber({ min: 1, max: 65_535 }),
    takes: { "1": 1, "65535": 65_535, "080": 80 },
    refuses: { "0": /from 1 to 65535, not "0"/, "65536": /not/, "1e3": /not/, "0x10": /not/ },
  },
  flag: {
    type: flag(),
    takes: {
      yes: true,
      TRUE: true,
      on: true,
      "1": true,
      no: false,
      False: false,
      off: false,
      "0": false,
    },
    refuses: { maybe: /^should be yes or no, not "maybe"$/ },
  },
  oneOf: {
    type: oneOf("accept", "refuse"),
    takes: { accept: "accept" },
    refuses: { Accept: /^should be accept or refuse, not "Accept"$/ },
  },
  oneLine: {
    type: oneLine(),
    takes: { "a # b": "a # b" },
    refuses: { "a\nb": /^should be one line of text, not "a\\nb"$/ },
  },
  fileMode: {
    type: fileMode(),
    takes: { "0660": 0o660, "600": 0o600 },
    refuses: { "0o660": /0660, not "0o660"$/, "0888": /not/, "4755": /not/, "66": /not/ },
  },
  socketPath: {
    type: socketPath(),
    takes: { "/run/a.sock": "/run/a.sock", ["x".repeat(107)]: "x".repeat(107) },
    refuses: { ["x".repeat(108)]: /at most 107 bytes/, ["é".repeat(54)]: /at most 107 bytes/ },
  },
  bareJid: {
    type: bareJid(),
    takes: { "webridge@example.org": "webridge@example.org" },
    refuses: {
      "example.org": /^should be a JID such as webridge@example.org, without resource, not/,
      "a@example.org/x": /not "a@example.org\/x"$/,
      "@example.org": /not/,
      "a@": /not/,
    },
  },
  roomJid: {
    type: roomJid(),
    takes: { "chat@conference.example.org": "chat@conference.example.org" },
    refuses: { "#chat": /^should be a room such as chat@conference.example.org, not "#chat"$/ },
  },
  domain: {
    type: domain(),
    takes: { "example.org": "example.org", localhost: "localhost" },
    refuses: { "a@example.org": /^should be a domain such as example.org, not/, "a/b": /not/ },
  },
  address: {
    type: address(),
    takes: {
      "127.0.0.1:9464": { host: "127.0.0.1", port: 9464 },
      "[::1]:9464": { host: "::1", port: 9464 },
    },
    refuses: {
      "9464": /^should be host:port such as 127.0.0.1:9464, not "9464"$/,
      "localhost:0": /not/,
      "localhost:65536": /not/,
      "::1:9464": /not/,
    },
  },
  serviceUrl: {
    type: serviceUrl(),
    takes: {
      "xmpp://127.0.0.1:5222": "xmpp://127.0.0.1:5222",
      "xmpps://[::1]:5223": "xmpps://[::1]:5223",
      "wss://example.org:5281/xmpp-websocket": "wss://example.org:5281/xmpp-websocket",
      "ws://localhost": "ws://localhost",
    },
    refuses: {
      "127.0.0.1:5222": /^should be a URL such as xmpp:\/\/127.0.0.1:5222/,
      "https://example.org": /not "https/,
      "xmpp://example.org/room": /not/,
      "xmpp://": /not/,
      "xmpp://a b": /not/,
      "xmpp://me:hunter2@example.org": /^(?!.*hunter2).*not "xmpp:\/\/\[secret\]@example.org"$/,
    },
  },
  ircServers: {
    type: ircServers(),
    takes: {
      "ircs://irc.libera.chat:6697,irc://127.0.0.1:6667": [
        { host: "irc.libera.chat", port: 6697, tls: true },
        { host: "127.0.0.1", port: 6667, tls: false },
      ],
      "irc://a,irc://A:6667": [{ host: "a", port: 6667, tls: false }],
      " ircs://a , irc://[::1], ": [
        { host: "a", port: 6697, tls: true },
        { host: "::1", port: 6667, tls: false },
      ],
    },
    refuses: {
      ",": anyServer,
      " ": anyServer,
      "irc.libera.chat": /holds "irc.libera.chat"$/,
      "irc://a,http://b": /holds "http:\/\/b"$/,
      "irc://a/#channel": /holds "irc:\/\/a\/#channel"$/,
      "irc://a:70000": anyServer,
      "irc://:hunter2@a": /^(?!.*hunter2).*holds "irc:\/\/\[secret\]@a"$/,
    },
  },
  ircLinks: {
    type: ircLinks(),
    takes: {
      "#cemetech=chat@muc.example.org, #a=b=dev@muc.example.org": [
        { channel: "#cemetech", room: "chat@muc.example.org" },
        { channel: "#a=b", room: "dev@muc.example.org" },
      ],
    },
    refuses: {
      "#cemetech": anyLink,
      "cemetech=chat@muc.example.org": anyLink,
      "#a b=chat@muc.example.org": anyLink,
      "#a=chat@muc.example.org/nick": anyLink,
      "#a=x@muc.example.org,#A=y@muc.example.org": /"#A=y@muc.example.org" repeats/,
      "#a=x@muc.example.org,#b=X@muc.example.org": /"#b=X@muc.example.org" repeats/,
    },
  },
};

describe.each(Object.entries(types))("%s", (_name, { type, takes, refuses }) => {
  test.each(Object.entries(takes))("takes %j", (text, value) => {
    expect(type.parse(text)).toEqual(value);
  });

  test.each(Object.entries(refuses))("refuses %j", (text, message) => {
    const messages = type.safeParse(text).error?.issues.map((issue) => issue.message);
    expect(messages).toEqual([expect.stringMatching(message)]);
  });

  test("takes or refuses any text and never throws", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const { success, error } = type.safeParse(text);
        expect(success).toBe(error === undefined);
      }),
    );
  });
});

test("a list reports each wrong item", () => {
  const { error } = ircServers().safeParse("x,irc://a,y");
  expect(error?.issues.map(({ message }) => message)).toEqual([
    expect.stringMatching(/holds "x"$/),
    expect.stringMatching(/holds "y"$/),
  ]);
});

test("duration() reads what a number and a unit say", () => {
  const units = { ms: 1, s: 1_000, m: 60_000 } as const;
  const unit = fc.constantFrom<keyof typeof units>("ms", "s", "m");
  fc.assert(
    fc.property(fc.nat({ max: 30_000 }), unit, (count, name) => {
      expect(duration().parse(`${count}${name}`)).toBe(count * units[name]);
    }),
  );
});

test("quote() shows no line break and no credentials of an address", () => {
  expect(quote("a\nb")).toBe('"a\\nb"');
  expect(quote("x,irc://me:hunter2@host")).toBe('"x,irc://[secret]@host"');
});

test("isLoopback() trusts only what cannot be another machine", () => {
  const local = ["127.0.0.1", "127.9.9.9", "::1", "localhost", "LOCALHOST"];
  const far = [
    "example.org",
    "127.0.0.1.example.org",
    "128.0.0.1",
    "localhost.example.org",
    "::",
    "",
  ];
  expect(local.filter(isLoopback)).toEqual(local);
  expect(far.filter(isLoopback)).toEqual([]);
});

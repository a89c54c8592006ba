import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  bareOf,
  occupantJid,
  parseJid,
  resourceOf,
  sameBare,
} from "../../../shared/xmpp/wire/jid.ts";

const part = fc.stringMatching(/^[a-z0-9äé-]{1,40}$/);
const nick = fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 });

describe("parseJid()", () => {
  test.each([
    ["example.org", { local: undefined, domain: "example.org", resource: undefined }],
    ["kerm@example.org", { local: "kerm", domain: "example.org", resource: undefined }],
    ["kerm@example.org.", { local: "kerm", domain: "example.org", resource: undefined }],
    ["chat@muc.example.org/a/b@c", { local: "chat", domain: "muc.example.org", resource: "a/b@c" }],
    ["chat@muc.example.org/Ron W", { local: "chat", domain: "muc.example.org", resource: "Ron W" }],
    ["example.org/kerm@pda", { local: undefined, domain: "example.org", resource: "kerm@pda" }],
    ["bob@[::1]", { local: "bob", domain: "[::1]", resource: undefined }],
  ])("takes %j apart", (text, parts) => {
    expect(parseJid(text)).toEqual(parts);
  });

  test.each([
    "",
    "@",
    "@/x",
    "@example.org",
    "kerm@",
    "kerm@example.org/",
    "kerm@kerm@example.org",
    "ke rm@example.org",
    "kerm&co@example.org",
    "kerm@exa mple.org",
    "kerm@example.org/a\nb",
    "kerm@example.org/a\0b",
  ])("refuses %j", (text) => {
    expect(parseJid(text)).toBeUndefined();
  });

  test("counts bytes, not characters, up to the 1023 that a part may have", () => {
    expect(parseJid(`a@b/${"x".repeat(1023)}`)).toBeDefined();
    expect(parseJid(`a@b/${"x".repeat(1024)}`)).toBeUndefined();
    expect(parseJid(`a@b/${"é".repeat(511)}`)).toBeDefined();
    expect(parseJid(`a@b/${"é".repeat(512)}`)).toBeUndefined();
  });

  test("reads back what was put together", () => {
    fc.assert(
      fc.property(part, part, part, (local, domain, resource) => {
        expect(parseJid(`${local}@${domain}/${resource}`)).toEqual({ local, domain, resource });
      }),
    );
  });

  test("never throws, and the domain of what it takes is never empty", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(parseJid(text)?.domain).not.toBe("");
      }),
    );
  });
});

test("bareOf() and resourceOf() find room and nick again, whatever the nick holds", () => {
  fc.assert(
    fc.property(nick, (n) => {
      const jid = occupantJid("chat@muc.example.org", n);
      expect([bareOf(jid), resourceOf(jid)]).toEqual(["chat@muc.example.org", n]);
    }),
  );
});

describe("sameBare()", () => {
  test.each([
    ["Chat@Conference.Example.org", "chat@conference.example.org/kerm"],
    ["caf\u00e9@example.org", "cafe\u0301@example.org"],
    ["chat@example.org.", "chat@example.org"],
  ])("takes %j and %j for one", (a, b) => {
    expect(sameBare(a, b)).toBe(true);
  });

  test.each([
    ["chat@example.org", "chat2@example.org"],
    ["chat@example.org", "example.org/chat"],
    ["chat@example.org", "chat@example.com"],
  ])("tells %j and %j apart", (a, b) => {
    expect(sameBare(a, b)).toBe(false);
  });
});

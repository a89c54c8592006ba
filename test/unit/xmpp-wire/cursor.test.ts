import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fingerprint } from "../../../shared/xmpp/wire/cursor.ts";

const told = fc.record({
  nick: fc.string(),
  id: fc.option(fc.string(), { nil: undefined }),
  body: fc.string(),
  stanzaId: fc.constant(undefined),
});

describe("fingerprint()", () => {
  test("is the same for the same message, and does not depend on what the room calls it", () => {
    fc.assert(
      fc.property(told, fc.string(), (message, stanzaId) => {
        expect(fingerprint({ ...message, stanzaId })).toBe(fingerprint(message));
      }),
    );
  });

  test("tells messages apart that differ in nick, id or body", () => {
    const message = { nick: "anna", id: "1", body: "hello", stanzaId: undefined };
    const others = [
      { ...message, nick: "bob" },
      { ...message, id: "2" },
      { ...message, id: undefined },
      { ...message, body: "hello!" },
    ];
    expect(new Set([message, ...others].map(fingerprint)).size).toBe(5);
  });
});

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { maxTextBytes, type Note, parseDatagram } from "../../../bridges/webridge/parse.ts";

const encoder = new TextEncoder();

const parse = (datagram: string | Uint8Array, options = {}) =>
  parseDatagram(typeof datagram === "string" ? encoder.encode(datagram) : datagram, {
    truncated: false,
    htmlEntities: "decode",
    ...options,
  });
const parseEvent = (fields: object) =>
  parse(JSON.stringify({ v: 1, type: "reply", who: "Kerm", ...fields }));

describe("a datagram of plain text", () => {
  const examples: readonly [string, string | Uint8Array, string, readonly Note[]][] = [
    ["is said as it is", 'Kerm replied to "Hé 🎉"', 'Kerm replied to "Hé 🎉"', []],
    ["loses space around it without a word", " hello \r\n", "hello", []],
    ["loses a final NUL without a word", "hello\0", "hello", []],
    ["loses a byte order mark", "\uFEFFhello", "hello", []],
    ["becomes one line", "hello\r\nBob was made admin", "hello Bob was made admin", ["newlines"]],
    ["loses control characters", "a\0b\x07c\x1b[1m", "abc[1m", ["controls"]],
    ["has a tab shown as a space", "a\tb", "a b", []],
    ["is read as windows-1252 if it must", Uint8Array.of(0x93, 0xe9, 0x94), "“é”", ["recoded"]],
    ["has entities decoded once", "&quot;a&quot; &amp;lt; b", '"a" &lt; b', ["entities"]],
    ["hides no line break in an entity", "a&#10;b", "a b", ["entities", "newlines"]],
    ["may look like JSON", '{"title": "x"}', '{"title": "x"}', []],
    ["may begin like JSON", "{v} is for vendetta", "{v} is for vendetta", []],
    ["may be JSON of another kind", '["v", 1]', '["v", 1]', []],
    ["loses what XML cannot carry", "a\uFFFEb", "ab", []],
    ["does not turn around what follows it", "a \u202Eb", "a \u202Eb\u202C", []],
  ];
  test.each(examples)("%s", (_, datagram, text, notes) => {
    expect(parse(datagram)).toEqual({ message: { kind: "text", text }, notes });
  });

  test("keeps its entities when it is told to", () => {
    expect(parse("&lt;b&gt;", { htmlEntities: "keep" })).toEqual({
      message: { kind: "text", text: "&lt;b&gt;" },
      notes: [],
    });
  });

  test("is cut when it is too long", () => {
    const reading = parse("é".repeat(3_000));
    expect(reading.message).toEqual({ kind: "text", text: `${"é".repeat(1_998)}…` });
    expect(reading.notes).toEqual(["cut"]);
  });

  test("that was truncated inside a character is still UTF-8", () => {
    const reading = parse(encoder.encode("aé").subarray(0, 2), { truncated: true });
    expect(reading).toEqual({ message: { kind: "text", text: "a" }, notes: ["cut"] });
  });

  test.each(["", " \r\n", "\0", "\0\x01\x02", "\u200B\u2060", "\u00A0\u3000", "&nbsp;", "\uFEFF"])(
    "that shows nothing (%j) is empty",
    (datagram) => {
      expect(parse(datagram).ignored).toBe("empty");
    },
  );
});

describe("a structured datagram", () => {
  test("is an event with all of its fields", () => {
    const fields = {
      type: "reply",
      who: "Kerm",
      what: "Hello",
      where: "General",
      url: "https://www.example.org/t/1?a=1",
      room: "chat@conference.example.org",
      id: "post-17",
    };
    expect(parseEvent({ ...fields, at: 1_767_225_600 })).toEqual({
      message: { kind: "event", ...fields, at: Date.UTC(2026, 0) },
      notes: [],
    });
  });

  test("may give its time as ISO 8601, or in fractions of a second", () => {
    const at = Date.UTC(2026, 0, 1, 12);
    expect(parseEvent({ at: "2026-01-01T14:00:00+02:00" }).message).toMatchObject({ at });
    expect(parseEvent({ at: at / 1_000 + 0.25 }).message).toMatchObject({ at: at + 250 });
  });

  test("has its fields cleaned like a text", () => {
    const reading = parseEvent({ who: "Kerm\n", what: "&lt;b&gt;\0", where: "a\nb\u202E" });
    expect(reading).toEqual({
      message: {
        kind: "event",
        type: "reply",
        who: "Kerm",
        what: "<b>",
        where: "a b\u202E\u202C",
      },
      notes: ["entities", "controls", "newlines"],
    });
  });

  test("has no field that is null or shows nothing", () => {
    const reading = parseEvent({
      what: "",
      where: " \u200B",
      url: null,
      room: null,
      id: null,
      at: null,
    });
    expect(reading.message).toEqual({ kind: "event", type: "reply", who: "Kerm" });
  });

  test("may be followed by a NUL", () => {
    expect(parse('{"v": 1, "type": "reply", "who": "Kerm"}\n\0').message).toMatchObject({
      kind: "event",
    });
  });

  test("may have fields that are not known, which are counted", () => {
    expect(parseEvent({ mood: "good" }).notes).toEqual(["unknown-fields"]);
    expect(parse('{"v":1,"type":"reply","who":"x","__proto__":{"v":2}}').notes).toEqual([
      "unknown-fields",
    ]);
  });

  const refusals: readonly [string, object, string][] = [
    ["another version", { v: 2 }, "v: should be 1"],
    ["a version that is text", { v: "1" }, "v: should be 1"],
    ["a version that is null", { v: null }, "v: should be 1"],
    ["no type", { type: undefined }, "type: should be text"],
    ["a type that is no word", { type: "Reply!" }, "type: should be a word of small letters"],
    ["a name that is a number", { who: 17 }, "who: should be text"],
    ["a long title", { what: "x".repeat(301) }, "what: should have at most 300 characters"],
    [
      "an address that is a program",
      { url: "javascript:alert(1)" },
      "url: should begin with https",
    ],
    ["an address of two lines", { url: "https://a\nb" }, "url: should begin with https"],
    ["a room that is an occupant", { room: "a@b/c" }, "room: should be a room"],
    ["a room that is a server", { room: "b" }, "room: should be a room"],
    ["an id with a space", { id: "a b" }, "id: should be 1 to 128 visible"],
    ["an id that is a number", { id: 17 }, "id: should be text"],
    ["a time in milliseconds", { at: 1_767_225_600_000 }, "at: should be seconds"],
    ["a time without offset", { at: "2026-01-01T00:00:00" }, "at: should be seconds"],
    ["a date that never was", { at: "2026-02-30T00:00:00Z" }, "at: should be seconds"],
    ["nothing to say", { who: " " }, "who, what or where: one of them"],
  ];
  test.each(refusals)("with %s is invalid, and the log says why", (_, fields, detail) => {
    const reading = parseEvent(fields);
    expect(reading.ignored).toBe("invalid");
    expect(reading.detail).toContain(detail);
  });

  test("names every field that is wrong, and quotes none", () => {
    const { detail } = parseEvent({ what: 1, id: "secret word", at: "secret time" });
    expect(detail?.split("; ").map((part) => part.split(":")[0])).toEqual(["what", "id", "at"]);
    expect(detail).not.toContain("secret");
  });

  test("that was truncated is oversized", () => {
    expect(parse('{"v": 1, "type": "repl', { truncated: true }).ignored).toBe("oversized");
  });
});

describe("parseDatagram()", () => {
  const datagram = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.string({ unit: "binary", maxLength: 200 }).map((text) => encoder.encode(text)),
    fc
      .record(
        {
          v: fc.constantFrom(1, 1, 1, 2, "1", null),
          type: fc.oneof(fc.constantFrom("reply", "constructor"), fc.string()),
          who: fc.oneof(fc.string({ unit: "binary" }), fc.jsonValue()),
          what: fc.string({ unit: "binary" }),
          at: fc.oneof(fc.double(), fc.string()),
        },
        { requiredKeys: ["v"] },
      )
      .map((object) => encoder.encode(JSON.stringify(object))),
  );
  const options = fc.record({
    truncated: fc.boolean(),
    htmlEntities: fc.constantFrom("decode" as const, "keep" as const),
  });

  test("gives every datagram one result: a message or a reason", () => {
    fc.assert(
      fc.property(datagram, options, (bytes, how) => {
        const { message, ignored, detail } = parseDatagram(bytes, how);
        expect(message === undefined).toBe(ignored !== undefined);
        expect(detail !== undefined).toBe(ignored === "invalid");
      }),
    );
  });

  test("lets no line break and no other control through", () => {
    fc.assert(
      fc.property(datagram, options, (bytes, how) => {
        const { message } = parseDatagram(bytes, how);
        for (const value of Object.values(message ?? {})) {
          expect(String(value)).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
        }
      }),
    );
  });

  test("keeps a text within its bytes, whatever was sent", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "grapheme", minLength: 1 }),
        fc.boolean(),
        (piece, truncated) => {
          const { message } = parse(piece.repeat(5_000 / piece.length), { truncated });
          const text = message?.kind === "text" ? message.text : "";
          expect(encoder.encode(text).byteLength).toBeLessThanOrEqual(maxTextBytes);
        },
      ),
    );
  });

  test("says again what it said: a text that was read is read as itself", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (words) => {
        const once = parse(words, { htmlEntities: "keep" }).message;
        if (once?.kind !== "text") return;
        const twice = parse(once.text, { htmlEntities: "keep" });
        expect(twice).toEqual({ message: once, notes: [] });
      }),
    );
  });
});

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatAnnouncement } from "../../../bridges/webridge/format.ts";
import { type Announcement, parseDatagram } from "../../../bridges/webridge/parse.ts";

const event = (fields: object): Announcement => ({ kind: "event", type: "reply", ...fields });

describe("formatAnnouncement()", () => {
  const who = "Kerm";
  const what = "Doors CS";
  const where = "Projects";

  test("gives a text as it is", () => {
    expect(formatAnnouncement({ kind: "text", text: "{who} says hi" })).toBe("{who} says hi");
  });

  test.each([
    ["add", "Kerm added Doors CS to Projects"],
    ["comment", "Kerm commented on Doors CS in Projects"],
    ["delete", "Kerm deleted Doors CS from Projects"],
    ["download", "Kerm downloaded Doors CS from Projects"],
    ["edit", "Kerm edited Doors CS in Projects"],
    ["like", "Kerm liked Doors CS in Projects"],
    ["login", "Kerm entered Doors CS at Projects"],
    ["logout", "Kerm left Doors CS at Projects"],
    ["move", "Kerm moved Doors CS to Projects"],
    ["publish", "Kerm published Doors CS in Projects"],
    ["register", "Kerm registered as Doors CS at Projects"],
    ["reply", "Kerm replied to Doors CS in Projects"],
    ["topic", "Kerm started a topic: Doors CS in Projects"],
    ["upload", "Kerm uploaded Doors CS to Projects"],
    ["vote", "Kerm voted on Doors CS in Projects"],
    ["constructor", "Kerm constructor Doors CS in Projects"],
  ])("tells an event of type %s", (type, line) => {
    expect(formatAnnouncement(event({ type, who, what, where }))).toBe(line);
  });

  test("leaves out what is not there", () => {
    expect(formatAnnouncement(event({ who }))).toBe("Kerm replied");
    expect(formatAnnouncement(event({ who, where }))).toBe("Kerm replied in Projects");
    expect(formatAnnouncement(event({ what }))).toBe("Somebody replied to Doors CS");
    expect(formatAnnouncement(event({ type: "login", who }))).toBe("Kerm entered");
  });

  test("ends with the address", () => {
    const url = "https://www.example.org/t/1";
    expect(formatAnnouncement(event({ who, what, url }))).toBe(
      "Kerm replied to Doors CS: https://www.example.org/t/1",
    );
  });

  test("leaves out nothing that is there, whatever it is", () => {
    const part = fc.oneof(fc.string({ minLength: 1 }), fc.constantFrom("{what}", "$&", "$1"));
    const type = fc.constantFrom("reply", "login", "topic", "other");
    fc.assert(
      fc.property(type, part, part, part, part, (kind, a, b, c, d) => {
        const line = formatAnnouncement(event({ type: kind, who: a, what: b, where: c, url: d }));
        for (const each of [a, b, c, d]) expect(line).toContain(each);
      }),
    );
  });

  test("makes one line of one datagram", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.boolean(), (words, isEvent) => {
        const json = JSON.stringify({ v: 1, type: "reply", who: words, what: "a\nb" });
        const { message } = parseDatagram(new TextEncoder().encode(isEvent ? json : words), {
          truncated: false,
          htmlEntities: "decode",
        });
        if (message === undefined) return;
        expect(formatAnnouncement(message)).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
      }),
    );
  });
});

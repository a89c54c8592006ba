import { describe, expect, test } from "vitest";
import { formatStatus } from "../../../cli/status-text.ts";
import type { Status } from "../../../shared/observe/status.ts";

const AT = "2026-01-01T12:00:00.000Z";
const WELL: Status = {
  version: "1.2.3",
  at: AT,
  startedAt: "2026-01-01T09:00:00.000Z",
  troubles: [],
  links: [],
  directions: [],
  ircServers: [],
  outbox: { inMemoryOnly: 0 },
};

const show = (status: Partial<Status>, colours = false) =>
  formatStatus({ ...WELL, ...status }, { colours });

const escapes = (text: string) => text.split("\u001b").length - 1;

describe("formatStatus()", () => {
  test("is a page on which columns are aligned", () => {
    const page = show({
      troubles: ["channel #chat is down: banned"],
      links: [
        {
          name: "xmpp irc@example.org",
          state: "up",
          detail: "irc@example.org/1",
          since: "2026-01-01T10:00:00.000Z",
          provedAt: "2026-01-01T11:59:57.000Z",
          attempts: 0,
        },
        {
          name: "channel #chat",
          state: "down",
          detail: "banned",
          since: "2026-01-01T11:55:00.000Z",
          attempts: 2,
          attemptAt: "2026-01-01T12:04:00.000Z",
        },
      ],
      directions: [
        {
          name: "room-to-irc #chat chat@conference.example.org",
          heldUpBy: "channel #chat is down: banned",
          pending: 3,
          oldestAt: "2026-01-01T11:57:00.000Z",
          lastDeliveredAt: "2026-01-01T11:54:00.000Z",
          fates: { delivered: 12, refused: 1 },
        },
        { name: "announcements chat@conference.example.org", pending: 0, fates: {} },
      ],
      ircServers: [
        { name: "irc.example.org:6697", failures: 0 },
        {
          name: "irc2.example.org:6697",
          failures: 1,
          cause: "banned",
          freeAt: "2026-01-01T12:30:00.000Z",
        },
      ],
    });
    expect(page).toBe(`saxbridge 1.2.3, running for 3 h: 1 trouble
  channel #chat is down: banned

Links
  up    xmpp irc@example.org  irc@example.org/1, for 2 h, heard 3 s ago
  down  channel #chat         banned, for 5 min, tried 2 times, next in 4 min

Directions
  held  room-to-irc #chat chat@conference.example.org  channel #chat is down: banned, 3 wait, the oldest for 3 min, last delivered 6 min ago, 12 delivered, 1 refused
  open  announcements chat@conference.example.org      none waits

IRC servers
  irc.example.org:6697   well
  irc2.example.org:6697  failed once: banned, left alone for 30 min
`);
  });

  test("is one line when there is nothing to tell", () => {
    expect(show({})).toBe("saxbridge 1.2.3, running for 3 h: all is well\n");
  });

  test("has colours only where they are wanted, and no others", () => {
    const hostile = {
      name: "irc server",
      state: "down",
      detail: "\u001b[2J\nok",
      since: AT,
      attempts: 0,
    } as const;
    expect(escapes(show({ links: [hostile], troubles: ["\u001b]0;x\u0007"] }))).toBe(0);
    const coloured = show({ links: [hostile] }, true);
    expect(escapes(coloured)).toBe(4);
    expect(coloured).toContain("\u001b[31mdown\u001b[0m  irc server  [2J ok");
  });
});

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { webridge } from "../../bridges/webridge/bridge.ts";
import { systemClock } from "../../shared/clock.ts";
import { Secret } from "../../shared/config/secret.ts";
import { Counters } from "../../shared/observe/counters.ts";
import { Health } from "../../shared/observe/health.ts";
import { memoryJournal } from "../../shared/outbox/memory-journal.ts";
import { sendDatagram } from "../../shared/unix/datagram.ts";
import { silentLog } from "../support/silent-log.ts";

test("webridge has ended only when all that was sent before the stop is in the outbox", async () => {
  const directory = mkdtempSync(join(tmpdir(), "saxbridge-stop-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const socket = join(directory, "webridge.sock");
  const stop = new AbortController();
  const health = new Health();
  const listening = new Promise<void>((resolve) => {
    health.onChange(() => {
      if (health.links().get("announcements")?.at === "up") resolve();
    });
  });
  const taken: string[] = [];
  const journal = {
    ...memoryJournal(),
    append: (row: { readonly id: string }, _withinMs: number, committed?: () => void) => {
      taken.push(row.id);
      committed?.();
    },
  };

  const running = webridge.run(
    {
      // Nobody listens there: all is kept for the next start.
      xmpp: { service: "xmpp://127.0.0.1:1", domain: "localhost", tls: "optional" },
      journal,
      clock: systemClock,
      log: silentLog,
      counters: new Counters(),
      health,
      version: "0",
      signal: stop.signal,
      checkOnly: false,
    },
    {
      webridge: {
        xmppJid: "webridge@localhost",
        xmppPassword: new Secret("secret"),
        xmppNick: "webridge",
        room: "chat@conference.localhost",
        socket,
        socketMode: 0o600,
        htmlEntities: "decode",
        newRoom: "accept",
        queueMessages: 100,
        queueBytes: 100_000,
      },
    },
  );
  await listening;
  const ids = ["1", "2", "3", "4", "5", "6", "7", "8"];
  for (const id of ids) {
    // Sent within this turn, so that none of it is read before the stop.
    void sendDatagram(socket, Buffer.from(JSON.stringify({ v: 1, type: "login", who: "a", id })));
  }
  stop.abort();
  await running;
  expect(taken).toEqual(ids);
});

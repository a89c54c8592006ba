import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { webridge } from "../../bridges/webridge/bridge.ts";
import { systemClock } from "../../shared/clock.ts";
import { Secret } from "../../shared/config/secret.ts";
import { Counters } from "../../shared/observe/counters.ts";
import { Health } from "../../shared/observe/health.ts";
import type { Fields } from "../../shared/observe/logger.ts";
import { memoryJournal } from "../../shared/outbox/memory-journal.ts";
import { FatalError } from "../../shared/retry/keep-connected.ts";
import { sendDatagram } from "../../shared/unix/datagram.ts";
import { silentLog } from "../support/silent-log.ts";

test("webridge has ended only when all that was sent before the stop is in the outbox, and says how much it is", async () => {
  const { send, stop, running, taken, kept } = await startWebridge();
  const ids = ["1", "2", "3", "4", "5", "6", "7", "8"];
  // Sent within this turn, so that none of it is read before the stop.
  for (const id of ids) void send({ id });
  stop.abort();
  await running;
  expect(taken).toEqual(ids);
  expect(kept).toEqual([{ count: 8 }]);
});

test("webridge that cannot go on says as well what it keeps", async () => {
  const { send, running, kept } = await startWebridge({ tlsCa: "/nonexistent/ca.pem" });
  void send({ id: "1" });
  await expect(running).rejects.toThrow(FatalError);
  expect(kept).toEqual([{ count: 1 }]);
});

test("webridge knows its room in every spelling", async () => {
  const { send, stop, running, taken } = await startWebridge();
  await send({ id: "1", room: "LOUNGE@Conference.localhost." });
  await send({ id: "2", room: "lobby@conference.localhost" });
  stop.abort();
  await running;
  expect(taken).toEqual(["1"]);
});

test("webridge writes down a datagram before it does anything else", async () => {
  const { send, stop, running, journalled } = await startWebridge();
  await send({ id: "1" });
  await expect.poll(() => journalled).toEqual(["append 1", "flush"]);
  stop.abort();
  await running;
});

/** webridge without an XMPP server: all that it takes is kept for the next start. */
async function startWebridge({ tlsCa }: { readonly tlsCa?: string } = {}) {
  const directory = mkdtempSync(join(tmpdir(), "saxbridge-webridge-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const socket = join(directory, "webridge.sock");
  const stop = new AbortController();
  const health = new Health();
  const kept: (Fields | undefined)[] = [];
  const info = (event: string, fields?: Fields) => {
    if (event === "announcements kept for the next start") kept.push(fields);
  };
  const taken: string[] = [];
  const journalled: string[] = [];
  const journal = {
    ...memoryJournal(),
    append: (row: { readonly id: string }, safe?: () => void) => {
      taken.push(row.id);
      journalled.push(`append ${row.id}`);
      safe?.();
    },
    flush: () => void journalled.push("flush"),
  };
  const running = webridge.run(
    {
      xmpp: { service: "xmpp://127.0.0.1:1", domain: "localhost", tls: "optional", tlsCa },
      journal,
      clock: systemClock,
      log: { ...silentLog, info },
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
        room: "lounge@conference.localhost",
        socket,
        socketMode: 0o600,
        htmlEntities: "decode",
        newRoom: "accept",
        queueMessages: 100,
        queueBytes: 100_000,
        queueAge: 60_000,
      },
    },
  );
  await health.until(() => health.links().get("announcements")?.at === "up", stop.signal);
  const send = (event: { readonly id: string; readonly room?: string }) =>
    sendDatagram(socket, Buffer.from(JSON.stringify({ v: 1, type: "login", who: "a", ...event })));
  return { send, stop, running, taken, kept, journalled };
}

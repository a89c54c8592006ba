import dns from "node:dns";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { answerQuestions } from "../../cli/control.ts";
import { freePort } from "../../cli/demo/servers/free-port.ts";
import { systemClock } from "../../shared/clock.ts";
import { Health } from "../../shared/observe/health.ts";
import { memoryJournal } from "../../shared/outbox/memory-journal.ts";
import { silentLog } from "../support/silent-log.ts";

/** A service that is asked at its control socket and at this address. */
async function service(metricsListen: { readonly host: string; readonly port: number }) {
  const stateDirectory = mkdtempSync(join(tmpdir(), "saxbridge-control-"));
  onTestFinished(() => rmSync(stateDirectory, { recursive: true }));
  const logged: string[] = [];
  const note = (event: string) => void logged.push(event);
  const log = { ...silentLog, info: note, error: note };
  const stop = await answerQuestions(
    { metricsListen, stateDirectory, controlSocket: undefined },
    {
      health: new Health(),
      counters: new Map(),
      trail: memoryJournal().trail,
      clock: systemClock,
      log,
    },
  );
  return { logged, stop, socket: join(stateDirectory, "control.sock") };
}

test("is asked at both places, until it stops", async () => {
  const address = { host: "127.0.0.1", port: await freePort() };
  const { stop, socket } = await service(address);
  const ask = () => fetch(`http://${address.host}:${address.port}/healthz`);
  await vi.waitFor(async () => expect((await ask()).status).toBe(200));
  expect(existsSync(socket)).toBe(true);
  await stop();
  await expect(ask()).rejects.toThrow("fetch failed");
  expect(existsSync(socket)).toBe(false);
});

test("does not wait for a slow name, neither to begin nor to stop", async () => {
  const address = { host: "slow.example.org", port: await freePort() };
  const lookup = vi.spyOn(dns, "lookup").mockReturnValue(undefined);
  onTestFinished(() => lookup.mockRestore());
  const { stop, socket } = await service(address);
  expect(lookup).toHaveBeenCalledOnce();
  expect(existsSync(socket)).toBe(true);
  await stop();
});

test("goes on without an address that is taken, and says so", async () => {
  const other = createServer();
  onTestFinished(() => void other.close());
  const address = { host: "127.0.0.1", port: await freePort() };
  other.listen(address.port, address.host);
  await once(other, "listening");
  const { logged, stop, socket } = await service(address);
  await vi.waitFor(() => expect(logged).toContain("questions cannot be asked"));
  expect(existsSync(socket)).toBe(true);
  await stop();
});

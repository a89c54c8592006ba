import { expect, test } from "vitest";
import { Stays } from "../../../shared/outbox/stays.ts";

const never = new AbortController().signal;

test("who waits for a stay gets the next one, and who comes later the present one", async () => {
  const stays = new Stays();
  const first = stays.wait(never);
  stays.begin();
  const stay = await first;
  expect([stay?.over.aborted, await stays.wait(never)]).toEqual([false, stay]);
  stays.end();
  expect([stay?.over.aborted, stays.present]).toEqual([true, undefined]);
});

test("a wait ends with its signal, and takes no stay then", async () => {
  const stays = new Stays();
  const stop = new AbortController();
  const waiting = stays.wait(stop.signal);
  stop.abort();
  stays.begin();
  expect(await waiting).toBeUndefined();
});

test("who waits goes on waiting when a stay was over before they could see it", async () => {
  const stays = new Stays();
  const waiting = stays.wait(never);
  stays.begin();
  stays.end();
  await Promise.resolve();
  stays.begin();
  expect((await waiting)?.over.aborted).toBe(false);
});

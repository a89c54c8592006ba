import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Counters } from "../../shared/observe/counters.ts";
import { receiveDatagrams } from "../../shared/unix/datagram.ts";
import { phpAnnounce, slowest } from "../support/php-announce.ts";
import { silentLog } from "../support/silent-log.ts";

const texts = Array.from({ length: 200 }, (_, n) => `Kérm 👩‍👩‍👧‍👦 replied to "${n}" <b>&amp;</b>`);

let directory = "";
let path = "";

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "saxbridge-announce-"));
  path = join(directory, "webridge.sock");
});

afterEach(() => rm(directory, { recursive: true, force: true }));

describe.each(["socket_sendto", "stream"] as const)("PHP by %s", (via) => {
  test("announces every text in a datagram of its own, in order", async () => {
    const received: string[] = [];
    const receiver = await receiveDatagrams(
      {
        path,
        mode: 0o600,
        signal: new AbortController().signal,
        log: silentLog,
        counters: new Counters(),
      },
      (bytes) => void received.push(new TextDecoder().decode(bytes)),
    );
    const sends = await phpAnnounce(path, texts, { via });
    await vi.waitFor(() => expect(received).toEqual(texts));
    await receiver.close();
    expect(sends.map(({ error }) => error)).toEqual(texts.map(() => null));
    expect(slowest(sends)).toBeGreaterThan(0);
  });

  test("is told at once that nobody listens", async () => {
    const [send] = await phpAnnounce(path, ["anybody?"], { via });
    expect(send?.error).toContain("No such file");
  });
});

import { unlink } from "node:fs/promises";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Clock } from "../clock.ts";
import type { Logger } from "../observe/logger.ts";
import { groupId } from "./group.ts";
import type { DatagramReceiver, OnDatagram } from "./receiver.ts";
import { type DatagramSocket, maxDatagramBytes } from "./socket.ts";
import { SocketError } from "./socket-error.ts";
import { identityAt } from "./socket-place.ts";
import { type TakenPath, takePath } from "./take-path.ts";

const checkEveryMs = 1_000;

/** Bounds how long closing may take when a sender never stops. */
const maxTurnsToDrain = 10_000;

interface PathOptions {
  readonly path: string;
  readonly mode: number;
  readonly group: string | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Receives on a socket of our own at `path`, and keeps it there: when its file was removed or replaced
 * by one that nobody listens on, it is bound again within about a second. Removes the file when it is
 * closed. Throws a `SocketError` when the path cannot be had.
 */
export function receiveOnPath(
  { path, mode, group, clock, log }: PathOptions,
  onDatagram: OnDatagram,
): DatagramReceiver {
  const gid = group === undefined ? undefined : groupId(group);
  const stop = new AbortController();
  let received = 0;
  let current = take();
  let former: DatagramSocket | undefined;
  const keeping = keepPath();
  let closing: Promise<void> | undefined;
  return {
    close() {
      closing ??= close();
      return closing;
    },
  };

  function take(): TakenPath {
    return takePath({ path, mode, gid, clock }, (bytes) => {
      received += 1;
      onDatagram(bytes, bytes.byteLength === maxDatagramBytes);
    });
  }

  async function keepPath(): Promise<void> {
    let isLost = false;
    for (;;) {
      await clock.sleep(checkEveryMs, stop.signal);
      const isThere = (await identityAt(path)) === current.identity;
      if (stop.signal.aborted) return;
      former?.close();
      former = undefined;
      if (isThere) continue;
      try {
        const next = take();
        // Read from until the next check, for the senders that were connected to it.
        former = current.socket;
        current = next;
        isLost = false;
        log.warn("socket bound again", { path });
      } catch (error) {
        if (!(error instanceof SocketError)) throw error;
        if (!isLost) log.error("socket lost", { path, error });
        isLost = true;
      }
    }
  }

  async function close(): Promise<void> {
    stop.abort();
    await keeping;
    if ((await identityAt(path)) === current.identity) await unlink(path).catch(leaveBehind);
    await drain();
    former?.close();
    current.socket.close();
  }

  /** Two turns of the event loop that bring nothing: then nothing is queued any more. */
  async function drain(): Promise<void> {
    for (let turn = 0, quiet = 0; quiet < 2 && turn < maxTurnsToDrain; turn += 1) {
      const before = received;
      await nextTurn();
      quiet = received === before ? quiet + 1 : 0;
    }
  }

  function leaveBehind(error: unknown): void {
    log.warn("socket file left behind", { path, error });
  }
}

import { Buffer } from "node:buffer";
import { closeSync, fstatSync, readFileSync, readSync, type Stats } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Clock } from "../clock.ts";
import { errnoOf } from "../errno.ts";
import { isDatagramSocket, isNonBlocking } from "./inherited-socket.ts";
import type { DatagramReceiver, OnDatagram } from "./receiver.ts";
import { SocketError } from "./socket-error.ts";

/** More than the kernel lets anybody send in one datagram unless net.core.wmem_max was raised. */
const bufferBytes = 262_144;

/** After so many datagrams in a row the rest of the program has its turn. */
const maxBurst = 64;

/** The longest that a datagram waits after a quiet time. */
const maxPauseMs = 50;

/**
 * Receives on a socket that the service manager opened. Node has no way to be woken by a datagram
 * socket that it did not open, so the socket is asked again and again: at once while datagrams come,
 * then ever more seldom. Throws a `SocketError` when the descriptor is no datagram socket, or when
 * reading from it would block the whole program.
 */
export function receiveInherited(
  { fd, clock }: { readonly fd: number; readonly clock: Clock },
  onDatagram: OnDatagram,
): DatagramReceiver {
  refuseUnlessUsable(fd);
  const buffer = Buffer.allocUnsafe(bufferBytes);
  const stop = new AbortController();
  const reading = keepReading();
  let closing: Promise<void> | undefined;
  return {
    close() {
      closing ??= close();
      return closing;
    },
  };

  async function keepReading(): Promise<void> {
    let pauseMs = 1;
    while (!stop.signal.aborted) {
      if (readBurst()) {
        pauseMs = 1;
        await nextTurn();
      } else {
        await clock.sleep(pauseMs, stop.signal);
        pauseMs = Math.min(pauseMs * 2, maxPauseMs);
      }
    }
  }

  /** Reads what is there, up to a bound; false when nothing was. */
  function readBurst(): boolean {
    for (let count = 0; count < maxBurst; count += 1) {
      const bytes = readDatagram(fd, buffer);
      if (bytes === undefined) return count > 0;
      onDatagram(bytes, bytes.byteLength === bufferBytes);
    }
    return true;
  }

  async function close(): Promise<void> {
    stop.abort();
    await reading;
    closeSync(fd);
  }
}

/** One datagram, in memory of its own; undefined when none is there. An empty one is no end of file. */
function readDatagram(fd: number, buffer: Buffer): Uint8Array | undefined {
  try {
    const size = readSync(fd, buffer, 0, buffer.byteLength, null);
    return Buffer.from(buffer.subarray(0, size));
  } catch (error) {
    const code = errnoOf(error);
    if (code === "EAGAIN" || code === "EINTR") return undefined;
    throw error;
  }
}

function refuseUnlessUsable(fd: number): void {
  const reason = reasonAgainst(fd);
  if (reason === undefined) return;
  throw new SocketError(`Cannot listen on inherited descriptor ${fd}: ${reason}`, {
    code: "EINVAL",
  });
}

function reasonAgainst(fd: number): string | undefined {
  const stats = statsOf(fd);
  if (stats?.isSocket() !== true) return "it is no socket";
  if (isDatagramSocket(readFileSync("/proc/self/net/unix", "utf8"), stats.ino) === false) {
    return "it is not a datagram socket (use ListenDatagram= in the .socket unit)";
  }
  if (isNonBlocking(readFileSync(`/proc/self/fdinfo/${fd}`, "utf8")) !== true) {
    return "reading from it would block (add NonBlocking=yes to the .service unit)";
  }
  return undefined;
}

function statsOf(fd: number): Stats | undefined {
  try {
    return fstatSync(fd);
  } catch {
    return undefined;
  }
}

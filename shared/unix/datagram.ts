import { type Clock, systemClock } from "../clock.ts";
import type { Logger } from "../observe/logger.ts";
import { receiveInherited } from "./inherited-receiver.ts";
import { receiveOnPath } from "./path-receiver.ts";
import type { DatagramReceiver, OnDatagram } from "./receiver.ts";

export interface ReceiveOptions {
  readonly path: string;
  /** Permission bits of the socket file, such as `0o660`. */
  readonly mode: number;
  /** Name or number of the group that may write, where the mode lets a group write. */
  readonly group?: string | undefined;
  /** A socket that the service manager opened and passed on: path, mode and group are its affair then. */
  readonly listenFd?: number | undefined;
  readonly signal: AbortSignal;
  readonly log: Logger;
  readonly clock?: Clock;
}

/**
 * Receives UNIX datagrams until the signal aborts or `close()` is called. Resolves when senders can
 * send. Rejects with a `SocketError` that names the remedy when the socket cannot be used. Never waits
 * inside the event loop, and hands over one datagram at a time, in the order they were sent.
 */
export async function receiveDatagrams(
  { path, mode, group, listenFd, signal, log, clock = systemClock }: ReceiveOptions,
  onDatagram: OnDatagram,
): Promise<DatagramReceiver> {
  const handle = shielded(onDatagram, log);
  const receiver =
    listenFd === undefined
      ? receiveOnPath({ path, mode, group, log, clock }, handle)
      : receiveInherited({ fd: listenFd, clock }, handle);
  const onAbort = () => void close();
  const close = () => {
    signal.removeEventListener("abort", onAbort);
    return receiver.close();
  };
  signal.addEventListener("abort", onAbort);
  if (signal.aborted) onAbort();
  return { close };
}

/** One bad datagram must not stop the ones behind it. */
function shielded(onDatagram: OnDatagram, log: Logger): OnDatagram {
  return (bytes, truncated) => {
    try {
      onDatagram(bytes, truncated);
    } catch (error) {
      log.error("datagram handler failed", { error, bytes: bytes.byteLength });
    }
  };
}

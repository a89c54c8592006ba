import { type Clock, systemClock } from "../clock.ts";
import type { Counters } from "../observe/counters.ts";
import type { Logger } from "../observe/logger.ts";
import { shield } from "../observe/shield.ts";
import { receiveInherited } from "./inherited-receiver.ts";
import { receiveOnPath } from "./path-receiver.ts";
import type { DatagramReceiver, OnDatagram } from "./receiver.ts";
import { sendOnce } from "./socket.ts";
import { SocketError } from "./socket-error.ts";

/** A receiver whose event loop runs empties its queue in far less. */
const patienceMs = 1_000;
const retryEveryMs = 20;

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
  readonly counters: Counters;
  readonly clock?: Clock;
}

/**
 * Receives UNIX datagrams until the signal aborts or `close()` is called. Resolves when senders can
 * send. Rejects with a `SocketError` that names the remedy when the socket cannot be used. Never waits
 * inside the event loop, and hands over one datagram at a time, in the order they were sent.
 */
export async function receiveDatagrams(
  { path, mode, group, listenFd, signal, log, counters, clock = systemClock }: ReceiveOptions,
  onDatagram: OnDatagram,
): Promise<DatagramReceiver> {
  // One bad datagram must not stop the ones behind it.
  const handle = shield("datagrams", { log, counters }, onDatagram);
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

/**
 * Sends one datagram to the socket at `path`. Resolves once the receiver's kernel queue has it; a full
 * queue is tried again for a second. Rejects with a `SocketError` that says what is the matter there.
 */
export async function sendDatagram(
  path: string,
  bytes: Uint8Array,
  clock: Clock = systemClock,
): Promise<void> {
  const deadline = clock.now() + patienceMs;
  let failure = sendOnce(path, bytes);
  while (failure === "EAGAIN" && clock.now() < deadline) {
    await clock.sleep(retryEveryMs);
    failure = sendOnce(path, bytes);
  }
  if (failure === undefined) return;
  throw new SocketError(`Cannot send to ${path}: ${explain(failure, bytes)}`, { code: failure });
}

function explain(code: string, bytes: Uint8Array): string {
  switch (code) {
    case "ENOENT":
      return "there is no such socket (nothing listens, or it listens on another path)";
    case "ECONNREFUSED":
      return "nothing listens there any more (start it again, or see whether it listens on another path)";
    case "EACCES":
      return "this user may not write to it (become a member of the socket's group)";
    case "EPROTOTYPE":
      return "a socket of another kind is there";
    case "EAGAIN":
      return "its queue has been full for a second (the process that listens does not read)";
    case "EMSGSIZE":
      return `${bytes.byteLength} bytes are more than one datagram can have`;
    default:
      return code;
  }
}

import { type Clock, systemClock } from "../clock.ts";
import { type Errno, openSocket } from "./socket.ts";
import { SocketError } from "./socket-error.ts";

/** A receiver whose event loop runs empties its queue in far less. */
const patienceMs = 1_000;
const retryEveryMs = 20;

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

/** Sends one datagram if that can be done at once. Never throws because of the receiver. */
export function sendOnce(path: string, bytes: Uint8Array): Errno {
  const socket = openSocket();
  try {
    return socket.send(bytes, path);
  } finally {
    socket.close();
  }
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

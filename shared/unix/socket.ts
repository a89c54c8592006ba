import { Buffer } from "node:buffer";
import { getSystemErrorName } from "node:util";
import { createSocket } from "unix-dgram";
import { maxSocketPathBytes } from "../config/socket-path.ts";

/** unix-dgram reads into a buffer of this many bytes and does not say when it cut. */
export const maxDatagramBytes = 65_536;

/** The name of what went wrong, such as `EADDRINUSE`; undefined when nothing did. */
export type Errno = string | undefined;

/** One UNIX datagram socket. Its calls are system calls that never wait, and never throw. */
export interface DatagramSocket {
  bind(path: string): Errno;
  connect(path: string): Errno;
  send(bytes: Uint8Array, path: string): Errno;
  /** Closes at once; what is still queued for reading is lost. May be called again. */
  close(): void;
}

/**
 * Opens a socket, and covers the sharp edges of unix-dgram: it cuts a long path without a word, takes
 * an empty one as an abstract address, reports errors as numbers by an event, and ends the process
 * when it is closed twice. Throws only when the process is out of file descriptors.
 */
export function openSocket(onDatagram?: (bytes: Uint8Array) => void): DatagramSocket {
  const socket = createSocket("unix_dgram", onDatagram);
  let isOpen = true;
  let failure: Errno;
  // Emitted from inside the call that failed, never later.
  socket.on("error", (error) => {
    failure = getSystemErrorName(error.code);
  });

  function attempt(path: string, call: () => void): Errno {
    if (!isOpen) return "EBADF";
    if (path === "" || path.includes("\0")) return "EINVAL";
    if (Buffer.byteLength(path) > maxSocketPathBytes) return "ENAMETOOLONG";
    failure = undefined;
    call();
    return failure;
  }

  return {
    bind: (path) => attempt(path, () => socket.bind(path)),
    connect: (path) => attempt(path, () => socket.connect(path)),
    send: (bytes, path) => attempt(path, () => socket.send(bytes, 0, bytes.byteLength, path)),
    close() {
      if (isOpen) socket.close();
      isOpen = false;
    },
  };
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

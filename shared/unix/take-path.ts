import { rmSync } from "node:fs";
import { type DatagramSocket, openSocket } from "./socket.ts";
import {
  asSocketError,
  bindPrivately,
  cannotListen,
  isLeftBehind,
  moveIntoPlace,
  nameBeside,
  type SocketPlace,
} from "./socket-place.ts";

export interface TakenPath {
  readonly socket: DatagramSocket;
  /** Names the socket file itself, so that another file at the same path is told apart. */
  readonly identity: string;
}

/**
 * Receives datagrams at a path, in place of a socket file that a dead process left there. From its first
 * instant the file has the mode and group asked for, and at no instant is there none where a stale one
 * was. Throws a `SocketError`, and leaves everything as it was, when a live process listens there, when
 * something else than a socket is there, or when the system refuses.
 */
export function takePath(place: SocketPlace, onDatagram: (bytes: Uint8Array) => void): TakenPath {
  const socket = openSocket(onDatagram);
  const beside = nameBeside(place.path);
  let isBound = false;
  try {
    bindUnseen(socket, place, beside);
    isBound = true;
    return { socket, identity: moveIntoPlace(beside, place) };
  } catch (error) {
    socket.close();
    if (isBound) rmSync(beside, { force: true });
    throw asSocketError(place.path, error);
  }
}

/** Binds where nobody looks. */
function bindUnseen(socket: DatagramSocket, { path, clock }: SocketPlace, beside: string): void {
  const bind = () => bindPrivately(() => socket.bind(beside));
  let failure = bind();
  if (failure === "EADDRINUSE" && isLeftBehind(beside, clock)) {
    rmSync(beside, { force: true });
    failure = bind();
  }
  if (failure !== undefined) throw cannotListen(path, { code: failure });
}

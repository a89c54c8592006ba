import { once } from "node:events";
import { rmSync } from "node:fs";
import { rm, stat } from "node:fs/promises";
import type { Server } from "node:net";
import { dirname } from "node:path";
import { maxSocketPathBytes } from "../config/socket-path.ts";
import { errnoOf } from "../errno.ts";
import { utf8Length } from "../text/split.ts";
import {
  asSocketError,
  bindPrivately,
  cannotListen,
  identityAt,
  isLeftBehind,
  moveIntoPlace,
  nameBeside,
  type SocketPlace,
} from "./socket-place.ts";

/**
 * Has a server listen at a path, as `takePath()` does for datagrams: in place of a socket file that a
 * dead process left there, and with its mode and group from its first instant. Resolves with how to
 * remove the file once the server is closed. Rejects with a `SocketError` that names the remedy; the
 * server is closed then.
 */
export async function listenAtPath(
  server: Server,
  place: SocketPlace,
): Promise<() => Promise<void>> {
  const { path } = place;
  try {
    await listenUnseen(server, place);
    const identity = moveIntoPlace(nameBeside(path), place);
    return async () => {
      if ((await identityAt(path)) === identity) await rm(path, { force: true });
    };
  } catch (error) {
    // Node removes the second name then: it knows of no other.
    server.close();
    throw asSocketError(path, error);
  }
}

async function listenUnseen(server: Server, { path, clock }: SocketPlace): Promise<void> {
  // Node would cut it without a word.
  if (utf8Length(path) > maxSocketPathBytes) throw cannotListen(path, { code: "ENAMETOOLONG" });
  // libuv would say EACCES of a directory that is not there.
  await stat(dirname(path));
  const beside = nameBeside(path);
  try {
    await listen(server, beside);
  } catch (error) {
    if (errnoOf(error) !== "EADDRINUSE" || !isLeftBehind(beside, clock)) throw error;
    rmSync(beside, { force: true });
    await listen(server, beside);
  }
}

/** Node binds inside the call, and tells of it later. */
async function listen(server: Server, path: string): Promise<void> {
  bindPrivately(() => server.listen(path));
  await once(server, "listening");
}

import { readdir, readFile, readlink } from "node:fs/promises";

/**
 * Whether the process itself listens on this TCP port of 127.0.0.1, as Linux tells in /proc: that
 * somebody answers there does not say who.
 */
export async function listensOn(pid: number, port: number): Promise<boolean> {
  const socket = await listenerOf(port);
  return socket !== undefined && (await openFiles(pid)).includes(`socket:[${socket}]`);
}

/** The inode of the socket that listens on the port. */
async function listenerOf(port: number): Promise<string | undefined> {
  const address = `0100007F:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  for (const line of (await readFile("/proc/net/tcp", "utf8")).split("\n")) {
    const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
    if (local === address && state === LISTEN) return inode;
  }
  return undefined;
}

/** TCP_LISTEN of the kernel's tcp_states.h. */
const LISTEN = "0A";

async function openFiles(pid: number): Promise<readonly string[]> {
  const directory = `/proc/${pid}/fd`;
  const names = await readdir(directory).catch(() => []); // it has just ended
  return Promise.all(names.map((name) => readlink(`${directory}/${name}`).catch(() => "")));
}

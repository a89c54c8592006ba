import { SocketError } from "./socket-error.ts";

/** File descriptors that are passed begin here: SD_LISTEN_FDS_START of sd_listen_fds(3). */
const firstFd = 3;

/**
 * The descriptor of the socket that systemd opened for this process, by the rules of sd_listen_fds(3);
 * undefined when there is none. Takes the variables out of `env`, so that no child takes them for its
 * own. Throws a `SocketError` when several sockets were passed.
 */
export function inheritedSocket(
  env: Record<string, string | undefined> = process.env,
  pid = process.pid,
): number | undefined {
  const { LISTEN_PID, LISTEN_FDS } = env;
  for (const name of ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"]) delete env[name];
  // They may have been meant for a process that started this one.
  if (LISTEN_PID !== String(pid)) return undefined;
  if (LISTEN_FDS === undefined || !/^[1-9]\d*$/.test(LISTEN_FDS)) return undefined;
  if (LISTEN_FDS === "1") return firstFd;
  throw new SocketError(
    `Cannot choose among the ${LISTEN_FDS} sockets that systemd passed: one is expected (leave one Listen line in the .socket units of this service)`,
    { code: "EINVAL" },
  );
}

/**
 * Whether reading from a descriptor returns at once when nothing is there, by the text of its
 * `/proc/self/fdinfo` file (proc(5)); undefined when the text does not say.
 */
export function isNonBlocking(fdinfo: string): boolean | undefined {
  const flags = /^flags:\s*([0-7]+)$/m.exec(fdinfo)?.[1];
  return flags === undefined ? undefined : (Number.parseInt(flags, 8) & 0o4000) !== 0;
}

/**
 * Whether the socket with this inode carries datagrams, by the text of `/proc/self/net/unix` (unix(7));
 * undefined when it is not listed there, as when it came from another network namespace.
 */
export function isDatagramSocket(procNetUnix: string, inode: number): boolean | undefined {
  for (const line of procNetUnix.split("\n")) {
    const [, , , , type, , number] = line.trim().split(/\s+/);
    if (number === String(inode)) return type === "0002";
  }
  return undefined;
}

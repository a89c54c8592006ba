import { Buffer } from "node:buffer";
import type { Logger } from "../observe/logger.ts";
import { sendOnce } from "../unix/send.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** One assignment of sd_notify(3). Line breaks in it become spaces, so that it stays one. */
export type Notification = "READY=1" | "STOPPING=1" | "WATCHDOG=1" | `STATUS=${string}`;

/**
 * Tells the service manager how we are, by the protocol of sd_notify(3); several assignments arrive
 * together. Without a service manager it does nothing. Never throws and never waits: what cannot be
 * sent is logged the first time and otherwise dropped.
 */
export type Notify = (...notifications: readonly Notification[]) => void;

/** Gives the `Notify` for the manager named in `NOTIFY_SOCKET`. */
export function sdNotify({
  env,
  log,
}: {
  readonly env: Environment;
  readonly log: Logger;
}): Notify {
  const { NOTIFY_SOCKET: path } = env;
  if (path === undefined || path === "") return () => {};
  if (!path.startsWith("/")) {
    // unix-dgram reaches neither abstract (@) nor vsock addresses; systemd gives a path to services.
    log.warn("service manager out of reach", { path, reason: "not a path" });
    return () => {};
  }
  let isLogged = false;
  return (...notifications) => {
    const lines = notifications.map((line) => line.replaceAll(/[\r\n]+/g, " "));
    const reason = sendOnce(path, Buffer.from(lines.join("\n")));
    if (reason === undefined || isLogged) return;
    isLogged = true;
    log.warn("service manager out of reach", { path, reason });
  };
}

/**
 * How often to send `WATCHDOG=1`, in milliseconds: half the time after which systemd takes us for
 * hung, as sd_watchdog_enabled(3) recommends. Undefined when no watchdog waits for this process.
 */
export function watchdogInterval(env: Environment, pid: number): number | undefined {
  const { WATCHDOG_USEC, WATCHDOG_PID } = env;
  if (WATCHDOG_PID !== undefined && WATCHDOG_PID !== String(pid)) return undefined;
  if (WATCHDOG_USEC === undefined || !/^[1-9]\d{0,14}$/.test(WATCHDOG_USEC)) return undefined;
  return Number(WATCHDOG_USEC) / 2_000;
}

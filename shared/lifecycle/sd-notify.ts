import { Buffer } from "node:buffer";
import { errorMessage } from "../error-message.ts";
import { sendOnce } from "../unix/socket.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** One assignment of sd_notify(3). */
export type Notification = "READY=1" | "STOPPING=1" | "WATCHDOG=1" | `STATUS=${string}`;

/**
 * Tells the service manager how we are, by the protocol of sd_notify(3). Line breaks in a status become
 * spaces, so that it cannot say anything else. Never throws and never waits: returns why nothing was
 * sent, for the log. Without a service manager there is nothing to say, and that is no reason.
 */
export function sdNotify(
  notification: Notification,
  env: Environment = process.env,
): string | undefined {
  const { NOTIFY_SOCKET: path } = env;
  if (path === undefined || path === "") return undefined;
  // systemd gives services a path; unix-dgram reaches neither abstract (@) nor vsock addresses.
  if (!path.startsWith("/")) return `NOTIFY_SOCKET is ${path}, which is no path`;
  try {
    const failure = sendOnce(path, Buffer.from(notification.replaceAll(/[\r\n]+/g, " ")));
    return failure === undefined ? undefined : `${failure} at ${path}`;
  } catch (error) {
    return errorMessage(error);
  }
}

/**
 * After how many milliseconds without `WATCHDOG=1` systemd takes us for hung: send it twice as often,
 * as sd_watchdog_enabled(3) recommends. Undefined when no watchdog waits for this process.
 */
export function watchdogInterval(env: Environment, pid = process.pid): number | undefined {
  const { WATCHDOG_USEC, WATCHDOG_PID } = env;
  if (WATCHDOG_PID !== undefined && WATCHDOG_PID !== String(pid)) return undefined;
  if (WATCHDOG_USEC === undefined || !/^[1-9]\d{0,14}$/.test(WATCHDOG_USEC)) return undefined;
  return Number(WATCHDOG_USEC) / 1_000;
}

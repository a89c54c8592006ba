import type { Clock } from "../clock.ts";
import type { Health } from "../observe/health.ts";
import type { Logger } from "../observe/logger.ts";
import { keepConnected } from "../retry/keep-connected.ts";
import type { Room } from "./room.ts";
import type { XmppSession } from "./session.ts";

/** A server of one's own that restarts is back within two seconds as a rule, and so are we. */
const POLICY = { first: 500, max: 3_000 };

export interface KeepInRoomsOptions {
  readonly rooms: readonly Room[];
  readonly connect: (signal: AbortSignal) => Promise<XmppSession>;
  /** The account, for people. */
  readonly jid: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly health: Health;
  readonly signal: AbortSignal;
}

/**
 * Keeps one account connected and in its rooms until the signal aborts; then leaves them politely.
 * Rejects with a `FatalError` when the server refuses the account.
 */
export async function keepInRooms(options: KeepInRoomsOptions): Promise<void> {
  const { rooms, jid, clock, log, health, signal } = options;
  const link = `xmpp ${jid}`;
  health.set(link, "down", "not connected yet");

  const connect = async (signal: AbortSignal) => {
    const session = await options.connect(signal).catch((error: Error) => {
      health.set(link, "down", error.message);
      throw error;
    });
    log.info("xmpp connected", { jid: session.jid });
    health.set(link, "up", session.jid);
    for (const room of rooms) room.attach(session);
    const leave = () => {
      for (const room of rooms) room.leave();
      void session.close();
    };
    signal.addEventListener("abort", leave, { once: true });
    if (signal.aborted) leave();
    const ended = session.ended.then((reason) => {
      signal.removeEventListener("abort", leave);
      health.set(link, "down", reason);
      return reason;
    });
    return { ended };
  };

  await keepConnected({ connect, policy: POLICY, clock, log, signal });
}

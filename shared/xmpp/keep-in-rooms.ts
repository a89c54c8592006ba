import type { Clock } from "../clock.ts";
import { errorMessage } from "../error-message.ts";
import type { LinkHealth } from "../observe/health.ts";
import type { Logger } from "../observe/logger.ts";
import { FatalError, keepConnected } from "../retry/keep-connected.ts";
import type { Room } from "./room.ts";
import type { XmppSession } from "./session.ts";

/** A server of one's own that restarts is back within two seconds as a rule, and so are we. */
const POLICY = { first: 500, max: 3_000 };

/** A session that is silent for so long asks for a sign of life, and is given up without one. */
const SIGN_OF_LIFE_EVERY = 20_000;

/** An account that was let in before may be again, but not within seconds, in milliseconds. */
const PAUSE_WHEN_REFUSED = 60_000;

export interface KeepInRoomsOptions {
  readonly rooms: readonly Room[];
  readonly connect: (signal: AbortSignal) => Promise<XmppSession>;
  /** The account, for people. */
  readonly jid: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly health: LinkHealth;
  readonly signal: AbortSignal;
}

/**
 * Keeps one account connected and in its rooms until the signal aborts; then leaves them politely.
 * Rejects with a `FatalError` when the server refuses the account and has never let it in: one that was
 * let in is not configured wrong, and a server that is starting or being repaired refuses right passwords.
 */
export async function keepInRooms(options: KeepInRoomsOptions): Promise<void> {
  const { rooms, jid, clock, log, health, signal } = options;
  const link = `xmpp ${jid}`;
  health.set(link, "down", "not connected yet");
  let current: XmppSession | undefined;
  health.prove(link, { at: () => current?.heardAt, everyMs: SIGN_OF_LIFE_EVERY });

  let wasLetIn = false;
  let isRefused = false;
  const logIn = async (signal: AbortSignal): Promise<XmppSession> => {
    try {
      const session = await options.connect(signal);
      wasLetIn = true;
      isRefused = false;
      return session;
    } catch (error) {
      const reason = errorMessage(error);
      health.set(link, "down", reason);
      if (!(error instanceof FatalError) || !wasLetIn) throw error;
      if (!isRefused) log.error("xmpp login refused", { reason });
      isRefused = true;
      await clock.sleep(PAUSE_WHEN_REFUSED, signal);
      throw new Error(reason, { cause: error });
    }
  };

  const connect = async (signal: AbortSignal) => {
    const session = await logIn(signal);
    current = session;
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

  await keepConnected({
    connect,
    policy: POLICY,
    attempts: health.attempts(link),
    clock,
    log,
    signal,
  });
}

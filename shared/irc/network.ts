import type { Clock } from "../clock.ts";
import type { LinkHealth } from "../observe/health.ts";
import type { Logger } from "../observe/logger.ts";
import type { ServerReport } from "../observe/snapshot.ts";
import { FatalError, keepConnected } from "../retry/keep-connected.ts";
import type { IrcServer, ServerPool, ServerStatus } from "./server-pool.ts";
import { type IrcSession, SIGN_OF_LIFE_EVERY } from "./session.ts";
import { IrcRefusal } from "./wire/refusal.ts";

/** The pool decides how long to wait for which server; the loop itself only takes a breath. */
const BREATH = { first: 100, max: 100 };

export interface NetworkOptions {
  readonly pool: ServerPool;
  /** One attempt on one server; rejects with an `IrcRefusal`. */
  readonly connect: (server: IrcServer, signal: AbortSignal) => Promise<IrcSession>;
  /** Called with every session when it is registered. */
  readonly serve: (session: IrcSession) => void;
  readonly clock: Clock;
  readonly log: Logger;
  readonly health: LinkHealth;
  readonly signal: AbortSignal;
}

const LINK = "irc server";

/**
 * Keeps us on an IRC network: one session after the other, on the server that the pool prefers, until
 * the signal aborts. Rejects with a `FatalError` when a server refuses our password or certificate
 * and none of the others, each tried once, lets us in either. What has let us in once is right: later
 * such a refusal is the server's trouble, and the pool's.
 */
export async function keepOnNetwork(options: NetworkOptions): Promise<void> {
  const { pool, serve, clock, log, health, signal } = options;
  health.set(LINK, "down", "not connected yet");
  const attempts = health.attempts(LINK);
  let heardAt: (() => number) | undefined;
  health.servers(() => pool.status().map(reportServer));
  health.prove(LINK, { at: () => heardAt?.(), everyMs: SIGN_OF_LIFE_EVERY });
  const credentials: Credentials = { wereRight: false, refusal: undefined };

  const connect = async (signal: AbortSignal) => {
    const { server, waitMs } = pool.next();
    attempts.wait(waitMs);
    if (waitMs > 0) await clock.sleep(waitMs, signal);
    signal.throwIfAborted();
    attempts.begin();
    const session = await register(server, options, credentials);
    credentials.wereRight = true;
    const over = new AbortController();
    void pool.sessionBegan(server, over.signal);
    heardAt = () => session.heardAt;
    log.info("irc connected", { server: session.server, nick: session.nick });
    health.set(LINK, "up", `${session.server} as ${session.nick}`);
    serve(session);
    const leave = () => void session.quit("saxbridge stops");
    // It may have arrived just as we stop.
    if (signal.aborted) leave();
    signal.addEventListener("abort", leave, { once: true });
    const ended = session.ended.then((reason) => {
      signal.removeEventListener("abort", leave);
      over.abort();
      pool.sessionEnded(server, reason);
      health.set(LINK, "down", reason);
      return `${session.server}: ${reason}`;
    });
    return { ended };
  };

  await keepConnected({ connect, policy: BREATH, clock, log, signal });
}

function reportServer({ server, freeInMs, failures, cause }: ServerStatus): ServerReport {
  return { name: `${server.host}:${server.port}`, freeInMs, failures, cause };
}

/** What servers have said of our password or certificate so far. */
interface Credentials {
  wereRight: boolean;
  /** The first time that one refused them. */
  refusal: FatalError | undefined;
}

async function register(
  server: IrcServer,
  { connect, pool, health, signal }: NetworkOptions,
  credentials: Credentials,
): Promise<IrcSession> {
  try {
    return await connect(server, signal);
  } catch (error) {
    if (!(error instanceof IrcRefusal)) throw error;
    pool.failed(server, error.refusal);
    const reason = `Cannot connect to IRC at ${server.host}:${server.port}: ${error.message}`;
    health.set(LINK, "down", reason);
    if (error.refusal === "credentials" && !credentials.wereRight) {
      credentials.refusal ??= new FatalError(reason, { cause: error });
    }
    // One server may be wrong about us; or have lost its services, and not say so.
    const allTried = pool.status().every(({ failures }) => failures > 0);
    if (credentials.refusal !== undefined && !credentials.wereRight && allTried) {
      throw credentials.refusal;
    }
    throw new Error(reason, { cause: error });
  }
}

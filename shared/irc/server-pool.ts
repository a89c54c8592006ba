import type { Clock } from "../clock.ts";
import type { Notes } from "../outbox/journal.ts";
import { isKept, keepQuarantines, type Quarantine, readQuarantines } from "./quarantine.ts";
import { type RefusalCause, refusalInWords } from "./wire/refusal.ts";

/** Where an IRC server listens. An IPv6 address stands here without brackets. */
export interface IrcServer {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
}

/** How long a server is left alone after a failure: doubling from `firstMs` to `maxMs` while it goes on. */
export interface Term {
  readonly firstMs: number;
  readonly maxMs: number;
  /**
   * "full" draws the wait from a tenth of the term to all of it: spread wide, yet no run of low draws
   * makes a storm. "above" never waits less than the term, and up to a tenth longer.
   */
  readonly jitter: "full" | "above";
}

export interface PoolPolicy {
  /** Causes that share a term object also share its doubling. */
  readonly terms: Readonly<Record<RefusalCause, Term>>;
  /** No two attempts follow each other faster than this, whatever the servers do. */
  readonly spacingMs: number;
  /** With every server in quarantine, the one that is free soonest is tried at least this often. */
  readonly longestWaitMs: number;
  /** A session that lasted this long clears its server's record. */
  readonly stableMs: number;
}

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

/** Asking costs one packet each way, and a server that restarts is back within seconds. */
const absent: Term = { firstMs: 0.3 * second, maxMs: 2 * second, jitter: "full" };
const weather: Term = { firstMs: second, maxMs: minute, jitter: "full" };
const path: Term = { firstMs: minute, maxMs: 15 * minute, jitter: "above" };

/** Short for weather, long for what a server decided about us: coming back too soon prolongs a ban. */
export const defaultPoolPolicy: PoolPolicy = {
  terms: {
    refused: absent,
    timeout: weather,
    closed: weather,
    dns: path,
    tls: path,
    full: { firstMs: minute, maxMs: minute, jitter: "above" },
    throttled: { firstMs: 2 * minute, maxMs: 30 * minute, jitter: "above" },
    banned: { firstMs: 30 * minute, maxMs: 24 * hour, jitter: "above" },
    login: { firstMs: minute, maxMs: 5 * minute, jitter: "above" },
    credentials: { firstMs: 5 * minute, maxMs: hour, jitter: "above" },
  },
  spacingMs: 500,
  longestWaitMs: 5 * minute,
  stableMs: 20 * second,
};

/** One server as `saxbridge status` shows it. */
export interface ServerStatus {
  readonly server: IrcServer;
  /** Milliseconds until it is tried again in its turn; 0 when it is healthy. */
  readonly freeInMs: number;
  /** Failures since the last session that stayed up. */
  readonly failures: number;
  /** Why it failed last; undefined when it has not failed since. */
  readonly cause: RefusalCause | undefined;
}

interface ServerRecord {
  readonly server: IrcServer;
  freeAt: number;
  failures: number;
  cause: RefusalCause | undefined;
  /** What outlives this run. */
  quarantine: Quarantine | undefined;
  /** Failures in a row by term, since refusals of one kind say nothing about how long another lasts. */
  readonly strikes: Map<Term, number>;
}

/**
 * Picks the server for the next attempt: the first healthy one in the order of preference, at once,
 * and not the one that has just failed, so that a dead server costs no wait while another lives. It
 * never gives up, and never storms: see `PoolPolicy`. What servers decided about us outlives a restart.
 * The pool only advises; whether wrong credentials are fatal is the caller's choice.
 */
export class ServerPool {
  readonly #clock: Clock;
  readonly #policy: PoolPolicy;
  readonly #notes: Notes;
  readonly #records: readonly ServerRecord[];
  /** The others come first, however soon it is free again. */
  #lastFailed: ServerRecord | undefined;
  #lastAttemptAt = Number.NEGATIVE_INFINITY;

  /** Throws a RangeError when there is no server: a pool must always have an answer. */
  constructor({
    servers,
    clock,
    notes,
    policy = defaultPoolPolicy,
  }: {
    readonly servers: readonly IrcServer[];
    readonly clock: Clock;
    readonly notes: Notes;
    readonly policy?: PoolPolicy;
  }) {
    if (servers.length === 0) throw new RangeError("Cannot pick an IRC server: none is configured");
    this.#clock = clock;
    this.#policy = policy;
    this.#notes = notes;
    this.#records = servers.map((server) => ({
      server,
      freeAt: Number.NEGATIVE_INFINITY,
      failures: 0,
      cause: undefined,
      quarantine: undefined,
      strikes: new Map(),
    }));
    for (const quarantine of readQuarantines(notes)) this.#restore(quarantine);
  }

  /** The server to try next, and how long to wait before doing so. Each call counts as an attempt. */
  next(): { readonly server: IrcServer; readonly waitMs: number } {
    const now = this.#clock.now();
    const healthy = this.#records.filter(({ freeAt }) => freeAt <= now);
    const best =
      healthy.find((record) => record !== this.#lastFailed) ??
      healthy[0] ??
      this.#records.reduce((a, b) => (b.freeAt < a.freeAt ? b : a));
    const patience = Math.max(now, this.#lastAttemptAt) + this.#policy.longestWaitMs;
    const earliest = this.#lastAttemptAt + this.#policy.spacingMs;
    const at = Math.max(now, earliest, Math.min(best.freeAt, patience));
    this.#lastAttemptAt = at;
    return { server: best.server, waitMs: at - now };
  }

  /** An attempt came to nothing: the server is left alone for as long as the cause deserves. */
  failed(server: IrcServer, cause: RefusalCause): void {
    const record = this.#of(server);
    if (record === undefined) return;
    const term = this.#policy.terms[cause];
    const strikes = record.strikes.get(term) ?? 0;
    record.strikes.set(term, strikes + 1);
    this.#lastFailed = record;
    record.failures += 1;
    record.cause = cause;
    const ms = this.#lengthOf(term, strikes);
    // A server that is down as well is still one that banned us.
    record.freeAt = Math.max(record.freeAt, this.#clock.now() + ms);
    if (!isKept(cause)) return;
    const { host, port } = server;
    const until = this.#clock.wallNow() + ms;
    record.quarantine = { host, port, cause, strikes: strikes + 1, until };
    this.#keep();
  }

  /** A session on this server has stayed up: its record is clean. */
  succeeded(server: IrcServer): void {
    const record = this.#of(server);
    if (record === undefined) return;
    record.strikes.clear();
    record.failures = 0;
    record.cause = undefined;
    record.freeAt = Number.NEGATIVE_INFINITY;
    if (record.quarantine === undefined) return;
    record.quarantine = undefined;
    this.#keep();
  }

  /**
   * A session is registered. Only one that lasts counts as a success: networks that ban after registration
   * (AKILL) would otherwise be met by an endless quick loop. `over` aborts with the session.
   */
  async sessionBegan(server: IrcServer, over: AbortSignal): Promise<void> {
    await this.#clock.sleep(this.#policy.stableMs, over);
    if (!over.aborted) this.succeeded(server);
  }

  /** A registered session has ended: a ban or a throttle in the words of the reason is taken at its word. */
  sessionEnded(server: IrcServer, reason: string): void {
    this.failed(server, refusalInWords(reason));
  }

  /** All servers in the order of preference. */
  status(): readonly ServerStatus[] {
    const now = this.#clock.now();
    return this.#records.map(({ server, freeAt, failures, cause }) => ({
      server,
      freeInMs: Math.max(0, freeAt - now),
      failures,
      cause,
    }));
  }

  /** The wall clock may have been set meanwhile, so that no wait is longer than its term. */
  #restore(quarantine: Quarantine): void {
    const record = this.#of(quarantine);
    const { cause, strikes, until } = quarantine;
    const term = this.#policy.terms[cause];
    const leftMs = Math.min(until - this.#clock.wallNow(), ceilingOf(term, strikes - 1));
    // As long ago as this, it says nothing any more.
    if (record === undefined || leftMs < -term.maxMs) return;
    record.cause = cause;
    record.quarantine = quarantine;
    record.strikes.set(term, strikes);
    record.freeAt = this.#clock.now() + leftMs;
  }

  #keep(): void {
    keepQuarantines(
      this.#notes,
      this.#records.flatMap(({ quarantine }) => quarantine ?? []),
    );
  }

  #of(server: Pick<IrcServer, "host" | "port">): ServerRecord | undefined {
    return this.#records.find(
      (r) => r.server.host === server.host && r.server.port === server.port,
    );
  }

  #lengthOf(term: Term, strikes: number): number {
    const ceiling = ceilingOf(term, strikes);
    const chance = this.#clock.random();
    return term.jitter === "full" ? ceiling * (0.1 + 0.9 * chance) : ceiling * (1 + chance / 10);
  }
}

function ceilingOf({ firstMs, maxMs }: Term, strikes: number): number {
  return Math.min(maxMs, firstMs * 2 ** Math.min(strikes, 30));
}

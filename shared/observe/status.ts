import { z } from "zod";
import type { Clock } from "../clock.ts";
import { troubles } from "./judge.ts";
import type { Snapshot } from "./snapshot.ts";

/** A moment by the wall clock of the service: ISO 8601. */
const moment = z.iso.datetime();

/** How everything stands, as the service tells it to others. What there is not is left out. */
export const Status = z.object({
  version: z.string(),
  /** When this was so. */
  at: moment,
  startedAt: moment,
  /** Everything that is wrong, a sentence each; empty when all is well. */
  troubles: z.array(z.string()),
  links: z.array(
    z.object({
      name: z.string(),
      state: z.enum(["up", "opening", "down", "failed"]),
      detail: z.string(),
      since: moment,
      /** The last sign of life from the far side. */
      provedAt: moment.optional(),
      /** How often it was tried since it was up. */
      attempts: z.number(),
      /** When the present attempt began, or when the next one is due. */
      attemptAt: moment.optional(),
    }),
  ),
  directions: z.array(
    z.object({
      name: z.string(),
      heldUpBy: z.string().optional(),
      pending: z.number(),
      oldestAt: moment.optional(),
      lastDeliveredAt: moment.optional(),
      stuckSince: moment.optional(),
      /** How many messages were settled as what, since the start. */
      fates: z.record(z.string(), z.number()),
    }),
  ),
  ircServers: z.array(
    z.object({
      name: z.string(),
      failures: z.number(),
      cause: z.string().optional(),
      /** Until when it is left alone. */
      freeAt: moment.optional(),
    }),
  ),
  outbox: z.object({ trouble: z.string().optional(), inMemoryOnly: z.number() }),
});

export type Status = Readonly<z.infer<typeof Status>>;

/** The status that a snapshot is, taken just now. `startedAt` is in milliseconds since 1970. */
export function statusOf(
  snapshot: Snapshot,
  {
    clock,
    version,
    startedAt,
  }: { readonly clock: Clock; readonly version: string; readonly startedAt: number },
): Status {
  const now = clock.now();
  const wallNow = clock.wallNow();
  /** By the wall clock as it is now, which may have jumped in between: how long ago it was counts. */
  const moved = (at: number) => iso(wallNow - (now - at));
  return {
    version,
    at: iso(wallNow),
    startedAt: iso(startedAt),
    troubles: [...troubles(snapshot, now)],
    links: snapshot.links.map(({ name, state, since, proof, attempts, attemptAt }) => ({
      name,
      state: state.at,
      detail: state.detail,
      since: moved(since),
      provedAt: proof && moved(proof.at),
      attempts,
      attemptAt: perhaps(moved, attemptAt),
    })),
    directions: snapshot.directions.map(
      ({ oldestAt, lastDeliveredAt, stuckSince, ...direction }) => ({
        ...direction,
        oldestAt: perhaps(iso, oldestAt),
        lastDeliveredAt: perhaps(iso, lastDeliveredAt),
        stuckSince: perhaps(moved, stuckSince),
        fates: { ...direction.fates },
      }),
    ),
    ircServers: snapshot.servers.map(({ name, failures, cause, freeInMs }) => ({
      name,
      failures,
      cause,
      freeAt: freeInMs > 0 ? iso(wallNow + freeInMs) : undefined,
    })),
    outbox: snapshot.outbox,
  };
}

function perhaps(format: (at: number) => string, at: number | undefined): string | undefined {
  return at === undefined ? undefined : format(at);
}

function iso(at: number): string {
  return new Date(at).toISOString();
}

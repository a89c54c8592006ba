import type { DirectionReport, LinkReport, Snapshot } from "./snapshot.ts";

/** Something that should not be, whatever the far side does. */
export interface Complaint {
  /**
   * - `deaf`: a link is said to be up, and nothing proves it any more.
   * - `idle`: a link is down, and nobody tries.
   * - `stuck`: things could be said, and are not.
   */
  readonly kind: "deaf" | "idle" | "stuck";
  /** The name of the link or direction. */
  readonly about: string;
  /** A sentence for people. */
  readonly text: string;
}

/** A link gives a sign of life, or is given up, in its own time; so many times that is no accident. */
const MISSED_PROOFS = 3;

/** No attempt takes so long, and none begins so late after it was due, in milliseconds. */
const LONGEST_ATTEMPT = 120_000;

/** The far side may be slow, but not for so long without a word, in milliseconds. */
const LONGEST_STUCK = 120_000;

/**
 * What is wrong with ourselves: of the kind that a restart heals. That the far side is away is no
 * complaint while somebody tries to reach it, nor is a bridge that has failed. `now` is monotonic.
 */
export function judge({ links, directions }: Snapshot, now: number): readonly Complaint[] {
  const complaints = [
    ...links.map((link) => judgeLink(link, now)),
    ...directions.map((direction) => judgeDirection(direction, now)),
  ];
  return complaints.filter((complaint) => complaint !== undefined);
}

/** Everything that people should know of, a sentence each; nothing when all is well. */
export function troubles(snapshot: Snapshot, now: number): readonly string[] {
  const { links, outbox } = snapshot;
  return [
    ...links
      .filter(({ state }) => state.at !== "up")
      .map(({ name, state }) => `${name} is ${state.at}: ${state.detail}`),
    ...judge(snapshot, now).map(({ text }) => text),
    ...(outbox.trouble === undefined
      ? []
      : [`The outbox is not on disk: ${outbox.trouble} (${outbox.inMemoryOnly} in memory only)`]),
  ];
}

function judgeLink(link: LinkReport, now: number): Complaint | undefined {
  const { name: about, state, proof, attemptAt } = link;
  if (state.at === "up" && proof !== undefined) {
    const silentMs = now - proof.at;
    if (silentMs <= MISSED_PROOFS * proof.everyMs) return undefined;
    const text = `${about} is up without a sign of life for ${seconds(silentMs)}`;
    return { kind: "deaf", about, text };
  }
  if (state.at === "down" && attemptAt !== undefined) {
    const idleMs = now - attemptAt;
    if (idleMs <= LONGEST_ATTEMPT) return undefined;
    const text = `${about} is down without an attempt for ${seconds(idleMs)}`;
    return { kind: "idle", about, text };
  }
  return undefined;
}

function judgeDirection(direction: DirectionReport, now: number): Complaint | undefined {
  const { name: about, stuckSince, pending } = direction;
  if (stuckSince === undefined || now - stuckSince <= LONGEST_STUCK) return undefined;
  const text = `${about} is stuck for ${seconds(now - stuckSince)} with ${pending} to say`;
  return { kind: "stuck", about, text };
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1_000)} s`;
}

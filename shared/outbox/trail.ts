import type { Clock } from "../clock.ts";
import type { Fate, KeptRow } from "./journal.ts";

/** What became of a message, for whoever asks. */
export interface TrailRow {
  readonly queue: string;
  readonly id: string;
  readonly nick: string | undefined;
  /** When it was taken, in milliseconds since 1970. */
  readonly takenAt: number;
  /** When its fate was known, in milliseconds since 1970; undefined while it is not settled. */
  readonly at: number | undefined;
  /** The reason code; of what is not settled `waiting`, or `said, not confirmed`. */
  readonly code: string;
  /** Only where texts are kept. */
  readonly text?: string;
}

export interface Trail {
  /**
   * The messages with this id, with an id that begins so (eight characters or more), or with this text,
   * also behind a `<nick> `: the newest hundred, oldest first. A part of the text is enough of what is
   * not settled, and where texts are kept. Looks in small steps, so that all else goes on meanwhile;
   * rejects when the signal aborts.
   */
  find(query: string, signal?: AbortSignal): Promise<readonly TrailRow[]>;
}

/** A fate as it is kept: what was said only as a fingerprint, unless texts are kept. */
export interface KeptFate extends Omit<Fate, "text"> {
  readonly fingerprint: string;
  readonly text: string | undefined;
}

/** Tells a text again without showing it. */
export type Fingerprint = (normalisedText: string) => string;

export interface TrailSource {
  /** In pieces, the newest first; each with its oldest first. */
  readonly fates: Iterable<readonly KeptFate[]>;
  /** Oldest first. */
  readonly unsettled: Iterable<KeptRow>;
  readonly fingerprint: Fingerprint;
  readonly clock: Pick<Clock, "now" | "sleep">;
  readonly signal?: AbortSignal | undefined;
}

const MOST_FOUND = 100;

const SHORTEST_ID_BEGINNING = 8;

/** How long a search may hold everything else up, in milliseconds. */
const LONGEST_STEP = 3;

/** Finds what `Trail.find` promises. What is settled is looked at last: it may be settled while we look. */
export async function findInTrail(
  query: string,
  { fates, unsettled, fingerprint, clock, signal }: TrailSource,
): Promise<readonly TrailRow[]> {
  const wanted = parseQuery(query, fingerprint);
  const breathe = breathing(clock, signal);
  const open = new Map<string, TrailRow>();
  for (const row of unsettled) {
    if (isWantedRow(row, wanted)) open.set(keyOf(row), asUnsettled(row));
    await breathe();
  }
  const settled: TrailRow[] = [];
  for (const batch of fates) {
    for (const fate of batch.toReversed()) {
      if (!isWantedFate(fate, wanted)) continue;
      open.delete(keyOf(fate));
      settled.push(asSettled(fate));
    }
    if (settled.length >= MOST_FOUND) break;
    await breathe();
  }
  return [...settled.toReversed(), ...open.values()]
    .toSorted((one, other) => one.takenAt - other.takenAt)
    .slice(-MOST_FOUND);
}

/**
 * What of a text counts when it is looked for: not the kind and number of its spaces, nor whether its
 * letters are capital.
 */
export function normaliseText(text: string): string {
  return text
    .normalize("NFC")
    .toLowerCase()
    .replaceAll(/\s{2,}|[^\S ]/g, " ")
    .trim();
}

interface Wanted {
  readonly id: string;
  readonly text: string;
  readonly fingerprints: readonly string[];
}

/** A line may have been copied from where it was repeated, with its speaker before it. */
function parseQuery(query: string, fingerprint: Fingerprint): Wanted {
  const text = normaliseText(query);
  const texts = [text, text.replace(/^<[^>]+> /, "")].filter((each) => each !== "");
  return { id: query.trim(), text, fingerprints: texts.map(fingerprint) };
}

function isWantedId(id: string, wanted: Wanted): boolean {
  if (id === wanted.id) return true;
  return wanted.id.length >= SHORTEST_ID_BEGINNING && id.startsWith(wanted.id);
}

function isWantedFate(fate: KeptFate, wanted: Wanted): boolean {
  if (isWantedId(fate.id, wanted) || wanted.fingerprints.includes(fate.fingerprint)) return true;
  return holds(fate.text, wanted.text);
}

function isWantedRow(row: KeptRow, wanted: Wanted): boolean {
  return isWantedId(row.id, wanted) || holds(JSON.parse(row.value), wanted.text);
}

/** Whether any text within a value holds these words. */
function holds(value: unknown, words: string): boolean {
  if (words === "") return false;
  if (typeof value === "string") return normaliseText(value).includes(words);
  if (typeof value !== "object" || value === null) return false;
  return Object.values(value).some((part) => holds(part, words));
}

function asSettled({ queue, id, nick, takenAt, at, code, text }: KeptFate): TrailRow {
  const row = { queue, id, nick, takenAt, at, code };
  return text === undefined ? row : { ...row, text };
}

function asUnsettled({ queue, id, at, wasSaid }: KeptRow): TrailRow {
  const code = wasSaid ? "said, not confirmed" : "waiting";
  return { queue, id, nick: undefined, takenAt: at, at: undefined, code };
}

function keyOf({ queue, id }: { readonly queue: string; readonly id: string }): string {
  return `${queue}\n${id}`;
}

/** Lets everything else go on, when it is time. */
function breathing(
  clock: Pick<Clock, "now" | "sleep">,
  signal: AbortSignal | undefined,
): () => Promise<void> {
  let since = clock.now();
  return async () => {
    signal?.throwIfAborted();
    if (clock.now() - since < LONGEST_STEP) return;
    await clock.sleep(0);
    since = clock.now();
  };
}

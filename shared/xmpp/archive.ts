import type { Clock } from "../clock.ts";
import type { XmppSession } from "./session.ts";
import {
  type ArchiveResult,
  archiveQuery,
  readArchiveEnd,
  readArchiveResult,
} from "./wire/archive.ts";
import type { Extent } from "./wire/arrival.ts";
import { readStanzaError } from "./wire/stanza-error.ts";
import type { Element } from "./wire/xml.ts";

/** Messages of one page; servers may give fewer. */
const PAGE = 100;

/** How long one page may take, in milliseconds. */
const PAGE_TIMEOUT = 15_000;

/** How long all of them may take: meanwhile the room's own words wait. */
const LONGEST = 120_000;

/** More than a room says while somebody repairs a server. */
const MOST_PAGES = 500;

export interface ArchiveOptions {
  readonly session: XmppSession;
  readonly room: string;
  /** The id of the last message that is known. */
  readonly after: string;
  /** From when on to read if the archive does not know that one, in milliseconds since 1970. */
  readonly since: number;
  readonly clock: Clock;
  /** When it aborts, nothing more is asked. */
  readonly signal: AbortSignal;
  /** Told of each message, oldest first, one page at a time. */
  readonly onResult: (result: ArchiveResult) => void;
}

/**
 * Reads on in a room's archive (XEP-0313), page by page. Resolves with undefined when the archive does
 * not answer in time, or refuses.
 */
export async function readArchive(options: ArchiveOptions): Promise<Extent | undefined> {
  const { clock, signal, onResult } = options;
  const deadline = clock.now() + LONGEST;
  let from: From = { after: options.after };
  for (let page = 1; page <= MOST_PAGES && clock.now() < deadline; page += 1) {
    const { answer, results } = await askPage(options, from);
    if (signal.aborted) return undefined;
    if (page === 1 && (await isUnknown(options, answer, results))) {
      from = startOf(options);
      continue;
    }
    const end = answer && readArchiveEnd(answer);
    if (end === undefined) return undefined;
    for (const result of results) onResult(result);
    const isAfterCursor = from.start === undefined;
    // Where an archive names no last message there is none to go on from.
    if (end.complete || end.last === undefined) return { isAfterCursor, isWhole: true };
    from = { ...from, after: end.last };
  }
  return { isAfterCursor: from.start === undefined, isWhole: false };
}

interface From {
  readonly after?: string;
  readonly start?: string;
}

interface Page {
  readonly answer: Element | undefined;
  readonly results: readonly ArchiveResult[];
}

function startOf({ since }: ArchiveOptions): From {
  return { start: new Date(since).toISOString() };
}

async function askPage(
  { session, room, clock }: ArchiveOptions,
  from: From,
  max = PAGE,
): Promise<Page> {
  // What answers an earlier question may still be on its way.
  const queryId = clock.random().toString(36).slice(2);
  const results: ArchiveResult[] = [];
  const stopListening = session.onStanza(room, (stanza) => {
    const result = readArchiveResult(stanza);
    if (result?.queryId === queryId) results.push(result);
  });
  const query = archiveQuery({ room, queryId, max, ...from });
  const answer = await session.request(query, PAGE_TIMEOUT);
  stopListening();
  return { answer, results };
}

/**
 * XEP-0059 section 2.2: who does not know `after` answers item-not-found. ejabberd does not; its own ids
 * are times, and what another server called a message it takes for one before or behind them all.
 */
async function isUnknown(
  options: ArchiveOptions,
  answer: Element | undefined,
  results: readonly ArchiveResult[],
): Promise<boolean> {
  const error = answer && readStanzaError(answer);
  if (error?.condition === "item-not-found") return true;
  if (answer === undefined || error !== undefined || isNumber(options.after)) return false;
  const [first] =
    results.length > 0 ? results : (await askPage(options, startOf(options), 1)).results;
  return first !== undefined && isNumber(first.id);
}

function isNumber(id: string): boolean {
  return /^\d+$/.test(id);
}

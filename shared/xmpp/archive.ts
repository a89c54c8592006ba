import type { Clock } from "../clock.ts";
import type { XmppSession } from "./session.ts";
import {
  type ArchiveResult,
  archiveQuery,
  readArchiveEnd,
  readArchiveResult,
} from "./wire/archive.ts";
import type { Reading } from "./wire/arrival.ts";
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
export async function readArchive(options: ArchiveOptions): Promise<Reading | undefined> {
  const { clock, signal, onResult } = options;
  const deadline = clock.now() + LONGEST;
  // What answers an earlier reading may still be on its way.
  const reading = clock.random().toString(36).slice(2);
  let from: From = { after: options.after };
  for (let page = 1; page <= MOST_PAGES && clock.now() < deadline; page += 1) {
    const { answer, results } = await askPage(options, from, `${reading}-${page}`);
    if (signal.aborted) return undefined;
    if (page === 1 && isUnknown(options.after, answer, results)) {
      from = { start: new Date(options.since).toISOString() };
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

async function askPage(
  { session, room }: ArchiveOptions,
  from: From,
  queryId: string,
): Promise<Page> {
  const results: ArchiveResult[] = [];
  const stopListening = session.onStanza(room, (stanza) => {
    const result = readArchiveResult(stanza);
    if (result?.queryId === queryId) results.push(result);
  });
  const query = archiveQuery({ room, queryId, max: PAGE, ...from });
  const answer = await session.request(query, PAGE_TIMEOUT);
  stopListening();
  return { answer, results };
}

/**
 * XEP-0059 section 2.2: who does not know `after` answers item-not-found. ejabberd begins at the
 * beginning instead, but only when it is no number: its own ids are times, and it knows what comes after
 * any of them.
 */
function isUnknown(
  after: string,
  answer: Element | undefined,
  [first]: readonly ArchiveResult[],
): boolean {
  if (answer && readStanzaError(answer)?.condition === "item-not-found") return true;
  return first !== undefined && isNumber(first.id) && !isNumber(after);
}

function isNumber(id: string): boolean {
  return /^\d+$/.test(id);
}

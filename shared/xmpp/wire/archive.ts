import { resourceOf } from "./jid.ts";
import { readStamp } from "./message.ts";
import { ARCHIVE, DATA_FORM, DELAY, FORWARD, RESULT_SET } from "./namespaces.ts";
import { type Element, el, type Node } from "./xml.ts";

/** One message from a room's archive (XEP-0313). */
export interface ArchiveResult {
  readonly queryId: string | undefined;
  /** What the archive calls it: the cursor for the next question. */
  readonly id: string;
  /** The message as the room sent it then; `readRoomMessage()` reads it. */
  readonly message: Element;
  /** Milliseconds since 1970; undefined when the stamp cannot be read. */
  readonly stamp: number | undefined;
}

/** How an answer of the archive ends (XEP-0313). */
export interface ArchiveEnd {
  /** Nothing is left after this. */
  readonly complete: boolean;
  /** The id of the last message that was sent; undefined when there was none. */
  readonly last: string | undefined;
}

/**
 * Asks the room's archive for at most `max` messages, oldest first: those after the one with the id
 * `after`, those since `start` (UTC as XEP-0082 writes it), or all. `queryId` is the IQ's id too.
 * Beware: a server that does not know `after` should answer `item-not-found` (XEP-0059), but
 * ejabberd 23.01 begins at the beginning.
 */
export function archiveQuery(query: {
  readonly room: string;
  readonly queryId: string;
  readonly max: number;
  readonly after?: string | undefined;
  readonly start?: string | undefined;
}): Node {
  const { room, queryId, max, after, start } = query;
  const page = [
    el("max", {}, String(max)),
    ...(after === undefined ? [] : [el("after", {}, after)]),
  ];
  return el(
    "iq",
    { type: "set", to: room, id: queryId },
    el(
      "query",
      { xmlns: ARCHIVE, queryid: queryId },
      ...(start === undefined ? [] : [startForm(start)]),
      el("set", { xmlns: RESULT_SET }, ...page),
    ),
  );
}

function startForm(start: string): Node {
  const type = el("field", { var: "FORM_TYPE", type: "hidden" }, el("value", {}, ARCHIVE));
  const since = el("field", { var: "start" }, el("value", {}, start));
  return el("x", { xmlns: DATA_FORM, type: "submit" }, type, since);
}

/**
 * Reads one message from the archive; undefined when it is something else. Only the room itself may
 * send one: both Prosody and ejabberd pass on a `<result/>` that an occupant said in the room.
 */
export function readArchiveResult(stanza: Element): ArchiveResult | undefined {
  if (!stanza.is("message") || resourceOf(stanza.attrs.from ?? "") !== undefined) return undefined;
  const result = stanza.getChild("result", ARCHIVE);
  const forwarded = result?.getChild("forwarded", FORWARD);
  const message = forwarded?.getChild("message");
  const { id, queryid: queryId } = result?.attrs ?? {};
  if (message === undefined || id === undefined || id === "") return undefined;
  const delay = forwarded?.getChild("delay", DELAY);
  return { queryId, id, message, stamp: delay && readStamp(delay) };
}

/** Reads the IQ that ends an answer; undefined when the archive refused. */
export function readArchiveEnd(iq: Element): ArchiveEnd | undefined {
  const fin = iq.attrs.type === "result" ? iq.getChild("fin", ARCHIVE) : undefined;
  if (fin === undefined) return undefined;
  const last = fin.getChild("set", RESULT_SET)?.getChildText("last");
  return { complete: isTrue(fin.attrs.complete), last: last || undefined };
}

// xs:boolean.
function isTrue(text: string | undefined): boolean {
  return text === "true" || text === "1";
}

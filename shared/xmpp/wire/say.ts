import { occupantJid } from "./jid.ts";
import { DATA_FORM, MUC, MUC_OWNER, PING, STANZA_IDS } from "./namespaces.ts";
import { el, type Node } from "./xml.ts";

interface OccupantAddress {
  readonly room: string;
  readonly nick: string;
}

/** How much a room tells of what was said before we came (XEP-0045 section 7.2.14). */
export type History =
  /** At most so many of the last messages; 0 for none. */
  | { readonly maxstanzas: number }
  /** What was said since then: a date and time in UTC as XEP-0082 writes it. */
  | { readonly since: string };

/**
 * A message to everybody in the room. The room sends it back to us with the same `id`: then it was
 * said. For rooms that give each copy an id of its own, `originId` says it once more (XEP-0359).
 */
export function groupchat(message: {
  readonly room: string;
  readonly id: string;
  readonly body: string;
  readonly originId: boolean;
}): Node {
  const { room, id, body, originId } = message;
  const text = el("body", {}, body);
  const attrs = { type: "groupchat", to: room, id };
  if (!originId) return el("message", attrs, text);
  return el("message", attrs, text, el("origin-id", { xmlns: STANZA_IDS, id }));
}

/** Asks to come in (XEP-0045 section 7.2). */
export function joinPresence(join: OccupantAddress & { readonly history: History }): Node {
  const x = el("x", { xmlns: MUC }, el("history", historyAttrs(join.history)));
  return el("presence", { to: occupantJid(join.room, join.nick) }, x);
}

function historyAttrs(history: History): Readonly<Record<string, string | undefined>> {
  if ("since" in history) return { since: history.since };
  const { maxstanzas } = history;
  // Section 7.2.14: who wants none must say so with maxchars.
  return { maxstanzas: String(maxstanzas), maxchars: maxstanzas === 0 ? "0" : undefined };
}

/** Leaves the room (XEP-0045 section 7.14). */
export function leavePresence({ room, nick }: OccupantAddress): Node {
  return el("presence", { type: "unavailable", to: occupantJid(room, nick) });
}

/** Asks for another nick (XEP-0045 section 7.6). Only for who is inside. */
export function nickPresence({ room, nick }: OccupantAddress): Node {
  return el("presence", { to: occupantJid(room, nick) });
}

/** Takes a new room as it is and unlocks it (XEP-0045 section 10.1.2). */
export function instantRoom({ room, id }: { readonly room: string; readonly id: string }): Node {
  const form = el("x", { xmlns: DATA_FORM, type: "submit" });
  return el("iq", { type: "set", to: room, id }, el("query", { xmlns: MUC_OWNER }, form));
}

/** Pings ourselves through the room (XEP-0410 section 3.2); `readSelfPing()` reads the answer. */
export function selfPing({ room, nick, id }: OccupantAddress & { readonly id: string }): Node {
  return el("iq", { type: "get", to: occupantJid(room, nick), id }, el("ping", { xmlns: PING }));
}

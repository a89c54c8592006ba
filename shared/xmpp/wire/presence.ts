import { resourceOf } from "./jid.ts";
import { MUC_USER } from "./namespaces.ts";
import { readStanzaError } from "./stanza-error.ts";
import type { Element } from "./xml.ts";

/** What a presence from a room says (XEP-0045 section 7). */
export type RoomPresence = Here | Gone | Refused;

/** Somebody is in the room: has just entered, was there before us, or changed role or status. */
export interface Here extends Occupant {
  readonly kind: "here";
  /** Status 201: the room did not exist and was made by our joining. */
  readonly created: boolean;
  /** Status 210: the room gave us another nick than the one we asked for. */
  readonly renamed: boolean;
}

/** Somebody is no longer in the room under this nick. */
export interface Gone extends Occupant {
  readonly kind: "gone";
  readonly why: Departure;
  /** Only with `nick-changed`. */
  readonly newNick: string | undefined;
  /** Who did it: nick, or JID if the room tells no nick. */
  readonly by: string | undefined;
  /** The reason in people's words. */
  readonly text: string | undefined;
  /** Where to go instead: only with `destroyed`. */
  readonly alternate: string | undefined;
}

/** Our own presence was refused: a join, a change of nick, or leaving where we are not. */
export interface Refused {
  readonly kind: "refused";
  /** The nick that we asked for. Some servers answer from the room alone. */
  readonly nick: string | undefined;
  readonly condition: string;
  readonly errorType: string;
  readonly text: string | undefined;
  /** Where to go instead: only with the condition `gone`. */
  readonly alternate: string | undefined;
}

interface Occupant {
  readonly nick: string;
  /** Status 110. Servers leave it out now and then when we go, so compare the nick there as well. */
  readonly self: boolean;
  /** All status codes (XEP-0045 section 15.6). */
  readonly statuses: readonly number[];
}

/** How an occupant goes; `left` is also what an unknown reason is read as. */
export type Departure =
  | "left"
  | "nick-changed"
  | "banned"
  | "kicked"
  | "not-a-member"
  | "members-only"
  | "shutdown"
  | "error"
  | "destroyed";

// In order: a technical removal carries 307 as well as 333 (XEP-0045 section 15.6.2).
const DEPARTURES: readonly (readonly [number, Departure])[] = [
  [303, "nick-changed"],
  [301, "banned"],
  [332, "shutdown"],
  [333, "error"],
  [321, "not-a-member"],
  [322, "members-only"],
  [307, "kicked"],
];

/**
 * Reads a presence that came from a room. Undefined when it says nothing about membership: presence
 * of the room itself (ejabberd sends some), a subscription, or no presence at all.
 */
export function readPresence(stanza: Element): RoomPresence | undefined {
  if (!stanza.is("presence")) return undefined;
  const nick = resourceOf(stanza.attrs.from ?? "") || undefined;
  const { type } = stanza.attrs;
  if (type === "error") return refused(stanza, nick);
  if (nick === undefined) return undefined;
  if (type === undefined) return here(stanza, nick);
  return type === "unavailable" ? gone(stanza, nick) : undefined;
}

function refused(stanza: Element, nick: string | undefined): Refused | undefined {
  const error = readStanzaError(stanza);
  if (error === undefined) return undefined;
  const { condition, errorType, text, address } = error;
  return { kind: "refused", nick, condition, errorType, text, alternate: roomOf(address) };
}

/** The JID in `xmpp:room@service?join` (XEP-0147). */
function roomOf(address: string | undefined): string | undefined {
  return address?.replace(/^xmpp:/, "").replace(/\?.*$/, "");
}

function here(stanza: Element, nick: string): Here {
  const who = occupant(stanza, nick);
  return {
    kind: "here",
    ...who,
    created: who.statuses.includes(201),
    renamed: who.statuses.includes(210),
  };
}

function gone(stanza: Element, nick: string): Gone {
  const who = occupant(stanza, nick);
  const x = stanza.getChild("x", MUC_USER);
  const item = x?.getChild("item");
  const actor = item?.getChild("actor");
  const destroy = x?.getChild("destroy");
  const reason = destroy ? destroy.getChildText("reason") : item?.getChildText("reason");
  return {
    kind: "gone",
    ...who,
    why: destroy ? "destroyed" : departure(who.statuses),
    newNick: item?.attrs.nick,
    by: actor?.attrs.nick ?? actor?.attrs.jid,
    text: reason ?? stanza.getChildText("status") ?? undefined,
    alternate: destroy?.attrs.jid,
  };
}

function departure(statuses: readonly number[]): Departure {
  return DEPARTURES.find(([code]) => statuses.includes(code))?.[1] ?? "left";
}

function occupant(stanza: Element, nick: string): Occupant {
  const x = stanza.getChild("x", MUC_USER);
  const statuses = x?.getChildren("status").map((status) => Number(status.attrs.code)) ?? [];
  return {
    nick,
    self: statuses.includes(110),
    statuses,
  };
}

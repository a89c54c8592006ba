import { bareOf, resourceOf, sameBare } from "./jid.ts";
import { DELAY, ENCRYPTION, STANZA_IDS } from "./namespaces.ts";
import { readStanzaError } from "./stanza-error.ts";
import type { Element } from "./xml.ts";

/** What a message from a room is. */
export type RoomMessage = Speech | Subject | Bounce | Other;

/** Somebody said something to everybody in the room (XEP-0045 section 7.4). */
export interface Speech {
  readonly kind: "speech";
  readonly nick: string;
  /** What the speaker's client called it. Both Prosody and ejabberd give us back our own. */
  readonly id: string | undefined;
  /** XEP-0359 section 3.2. */
  readonly originId: string | undefined;
  /** What the room's archive calls it (XEP-0359 section 3.1); only the room's own word counts. */
  readonly stanzaId: string | undefined;
  /** As it was said, line breaks included, but without `/me `. Never empty. */
  readonly body: string;
  /** `/me ` stood before it (XEP-0245). */
  readonly action: boolean;
  /** It was said earlier (XEP-0203). The room's own stamp comes before any other. */
  readonly delay: Delay | undefined;
}

/** When a message was first sent, and whose word that is. */
interface Delay {
  /** Milliseconds since 1970; undefined when the stamp cannot be read. */
  readonly stamp: number | undefined;
  /** The stamp is by the room that the message came from. Anybody else may write anything. */
  readonly byRoom: boolean;
}

/** The room's subject, as it is or as it changes. The first one after joining ends the history. */
interface Subject {
  readonly kind: "subject";
  /** Who set it, if the room says so. */
  readonly nick: string | undefined;
  /** Empty when the room has none. */
  readonly subject: string;
}

/** A message of ours came back (RFC 6120 section 8.3). Never to be answered or relayed. */
export interface Bounce {
  readonly kind: "error";
  /** What we called it. */
  readonly id: string | undefined;
  readonly condition: string;
  readonly errorType: string;
  readonly text: string | undefined;
}

/**
 * Nothing to pass on:
 * - `no-body`: typing, a marker, a reaction, a change of the room's configuration;
 * - `private`: meant for us alone (XEP-0045 section 7.5), so never for the channel;
 * - `room-notice`: the room itself speaks, or delivers an invitation;
 * - `encrypted`: the body only says that one cannot read it (XEP-0380).
 */
interface Other {
  readonly kind: "other";
  readonly why: "no-body" | "private" | "room-notice" | "encrypted";
  readonly nick: string | undefined;
}

/** Reads a message that came from a room. Takes any element, and never throws. */
export function readRoomMessage(stanza: Element): RoomMessage {
  const { id, type, from = "" } = stanza.attrs;
  const nick = resourceOf(from) || undefined;
  const error = readStanzaError(stanza);
  if (error !== undefined) {
    const { condition, errorType, text } = error;
    return { kind: "error", id, condition, errorType, text };
  }
  const other = (why: Other["why"]): Other => ({ kind: "other", why, nick });
  if (type !== "groupchat") return other(nick === undefined ? "room-notice" : "private");
  const names = stanza.getChildElements().map(({ name }) => name);
  // Most messages hold a body and little else: what is not there need not be looked for.
  const has = (name: string) => names.includes(name);
  const subject = has("subject") ? readSubject(stanza) : undefined;
  if (subject !== undefined) return { kind: "subject", nick, subject };
  if ((has("encryption") || has("encrypted")) && isEncrypted(stanza)) return other("encrypted");
  const body = has("body") ? readBody(stanza) : "";
  if (body === "") return other("no-body");
  if (nick === undefined) return other("room-notice");
  const action = ACTION.test(body);
  return {
    kind: "speech",
    nick,
    id,
    originId: has("origin-id") ? stanza.getChild("origin-id", STANZA_IDS)?.attrs.id : undefined,
    stanzaId: has("stanza-id") ? readStanzaId(stanza, bareOf(from)) : undefined,
    body: action ? body.replace(ACTION, "") : body,
    action,
    delay: has("delay") ? readDelay(stanza, bareOf(from)) : undefined,
  };
}

/** The body as it was sent. */
export function sentBody({ action, body }: Pick<Speech, "action" | "body">): string {
  return action ? `/me ${body}` : body;
}

// XEP-0245: exactly these four characters, and here something after them.
const ACTION = /^\/me (?=[^])/;

/**
 * True when the message was said before we came and the room shows it again. `settled` means that the
 * subject has come which ends every join (XEP-0045 section 7.2.15): from then on everything is live,
 * whatever it says of itself, because ejabberd passes on a stamp that a client forged in the room's
 * name. A stamp by anybody else never makes history, or people could hide what they say.
 */
export function isHistory(message: Speech, { settled }: { readonly settled: boolean }): boolean {
  return !settled && message.delay?.byRoom === true;
}

// XEP-0045 section 8.1: with a body or a thread it is a message that happens to have a subject.
function readSubject(stanza: Element): string | undefined {
  const [subject] = ownChildren(stanza, "subject");
  if (subject === undefined) return undefined;
  const isMessage = ["body", "thread"].some((name) => ownChildren(stanza, name).length > 0);
  return isMessage ? undefined : subject.text();
}

// XEP-0384: OMEMO before it also carried the hint of XEP-0380.
const OMEMO = ["eu.siacs.conversations.axolotl", "urn:xmpp:omemo:1", "urn:xmpp:omemo:2"];

function isEncrypted(stanza: Element): boolean {
  if (stanza.getChild("encryption", ENCRYPTION) !== undefined) return true;
  return OMEMO.some((xmlns) => stanza.getChild("encrypted", xmlns) !== undefined);
}

// RFC 6121 section 5.2.3: the same text in several languages; the one without a mark is for all.
function readBody(stanza: Element): string {
  const bodies = ownChildren(stanza, "body");
  const body = bodies.find((b) => b.attrs["xml:lang"] === undefined) ?? bodies[0];
  return body?.text() ?? "";
}

/** Children in the stanza's own namespace: an extension may have a `<body/>` too. */
function ownChildren(stanza: Element, name: string): readonly Element[] {
  const xmlns = stanza.getNS();
  return stanza.getChildren(name).filter((child) => child.getNS() === xmlns);
}

/**
 * What the room's archive calls this message. XEP-0359 section 5: an id counts only with the JID of who
 * gives it, who takes out what others gave in its name; where that was forgotten, its own comes last.
 */
export function readStanzaId(stanza: Element, room: string): string | undefined {
  const own = stanza
    .getChildElements()
    .findLast(
      (child) =>
        child.name === "stanza-id" &&
        child.getNS() === STANZA_IDS &&
        isRoomItself(child.attrs.by ?? "", room),
    );
  return own?.attrs.id || undefined;
}

function isRoomItself(jid: string, room: string): boolean {
  return resourceOf(jid) === undefined && sameBare(jid, room);
}

function readDelay(stanza: Element, room: string): Delay | undefined {
  const delays = stanza.getChildren("delay", DELAY);
  // Letter by letter: Prosody takes forged stamps out only when they are written like its own.
  const byRoom = delays.find((delay) => delay.attrs.from === room);
  const delay = byRoom ?? delays[0];
  if (delay === undefined) return undefined;
  return { stamp: readStamp(delay), byRoom: byRoom !== undefined };
}

/** The `stamp` of a delay (XEP-0082) in milliseconds since 1970; undefined when it is none. */
export function readStamp(delay: Element): number | undefined {
  const stamp = Date.parse(delay.attrs.stamp ?? "");
  return Number.isNaN(stamp) ? undefined : stamp;
}

import { utf8Length } from "../../text/split.ts";

/** The parts of an XMPP address, as they were written. */
export interface Jid {
  readonly local: string | undefined;
  readonly domain: string;
  readonly resource: string | undefined;
}

/** RFC 7622 sections 3.2 to 3.4: each part is 1 to 1023 bytes of UTF-8. */
const LONGEST_PART_BYTES = 1023;

/** RFC 7622 section 3.3.1, and no controls or spaces as in the UsernameCaseMapped profile. */
const NOT_IN_LOCAL = /["&'/:<>@\s\p{Cc}]/u;
/** Neither a separator nor anything that no host name in any script holds. */
const NOT_IN_DOMAIN = /[@/"&'<>\s\p{Cc}]/u;
/** The OpaqueString profile (RFC 8265 section 4.2.2) takes spaces, but no controls. */
const NOT_IN_RESOURCE = /\p{Cc}/u;

/**
 * Takes an address apart (RFC 7622 section 3.1); undefined when it is none. The parts keep their
 * spelling: compare them with `sameBare()`. A dot at the end of the domain is left out.
 */
export function parseJid(text: string): Jid | undefined {
  const bare = bareOf(text);
  const resource = resourceOf(text);
  const at = bare.indexOf("@");
  const local = at === -1 ? undefined : bare.slice(0, at);
  const domain = bare.slice(at + 1).replace(/\.$/, "");
  if (local !== undefined && !isPart(local, NOT_IN_LOCAL)) return undefined;
  if (!isPart(domain, NOT_IN_DOMAIN)) return undefined;
  if (resource !== undefined && !isPart(resource, NOT_IN_RESOURCE)) return undefined;
  return { local, domain, resource };
}

/** True for `local@domain` and nothing after it. */
export function isBareJid(text: string): boolean {
  const jid = parseJid(text);
  return jid?.local !== undefined && jid.resource === undefined;
}

function isPart(part: string, forbidden: RegExp): boolean {
  return part !== "" && utf8Length(part) <= LONGEST_PART_BYTES && !forbidden.test(part);
}

/** The address without its resource. Takes any text for an address, also one that is none. */
export function bareOf(text: string): string {
  const slash = text.indexOf("/");
  return slash === -1 ? text : text.slice(0, slash);
}

/**
 * What follows the first `/`: the nick in an occupant JID, which may hold more of them. Undefined
 * when there is no `/`.
 */
export function resourceOf(text: string): string | undefined {
  const slash = text.indexOf("/");
  return slash === -1 ? undefined : text.slice(slash + 1);
}

/**
 * True when both addresses, resources aside, are one account or one room. Folds case and NFC, which
 * is not all of PRECIS (RFC 8265): of two spellings that differ otherwise, it says that they differ.
 */
export function sameBare(a: string, b: string): boolean {
  return a === b || foldBare(a) === foldBare(b);
}

function foldBare(text: string): string {
  return bareOf(text).replace(/\.$/, "").toLowerCase().normalize("NFC");
}

/** The address of one occupant of a room (XEP-0045 section 4.1). */
export function occupantJid(room: string, nick: string): string {
  return `${room}/${nick}`;
}

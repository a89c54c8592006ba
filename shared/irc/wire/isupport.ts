import type { Casemapping } from "./casemapping.ts";

/**
 * What RPL_ISUPPORT (005) said of the server, with the defaults of RFC 1459 where it was silent. Where
 * a default would take something away from us (`nicklen`, `network`) there is none.
 */
export interface Isupport {
  readonly casemapping: Casemapping;
  /** Longest nick in characters; undefined until the server has told. */
  readonly nicklen: number | undefined;
  /** Characters that begin a channel's name. */
  readonly chantypes: string;
  /** Characters that may stand before a channel's name to reach only some of its members. */
  readonly statusmsg: string;
  /** Prefix characters of members, highest rank first, such as `@+`. */
  readonly prefixes: string;
  /** Longest line in bytes, CR LF included. */
  readonly linelen: number;
  /** True when the server tells of nicks that come and go (IRCv3 MONITOR). */
  readonly monitor: boolean;
  readonly network: string | undefined;
}

/** What holds until the server says otherwise: RFC 1459 sections 1.2, 1.3, 2.2 and 2.3. */
export const initialIsupport: Isupport = {
  casemapping: "rfc1459",
  nicklen: undefined,
  chantypes: "#&",
  statusmsg: "",
  prefixes: "@+",
  linelen: 512,
  monitor: false,
  network: undefined,
};

/**
 * Adds what one 005 line says, given all its params: our nick, the tokens and the closing words.
 * `-TOKEN` goes back to the default. A value that makes no sense leaves what was known. (Defined by
 * draft-hardy-irc-isupport-00 and modern.ircdocs.horse.)
 */
export function readIsupport(known: Isupport, params: readonly string[]): Isupport {
  let isupport = known;
  for (const token of params.slice(1)) {
    isupport = { ...isupport, ...readToken(token) };
  }
  return isupport;
}

function readToken(token: string): Partial<Isupport> | undefined {
  const equals = token.indexOf("=");
  const name = equals === -1 ? token : token.slice(0, equals);
  if (name.startsWith("-")) return DEFAULTS.get(name.slice(1));
  return READERS.get(name)?.(unescapeValue(equals === -1 ? "" : token.slice(equals + 1)));
}

const DEFAULTS: ReadonlyMap<string, Partial<Isupport>> = new Map(
  Object.entries({
    CASEMAPPING: { casemapping: initialIsupport.casemapping },
    NICKLEN: { nicklen: initialIsupport.nicklen },
    CHANTYPES: { chantypes: initialIsupport.chantypes },
    STATUSMSG: { statusmsg: initialIsupport.statusmsg },
    PREFIX: { prefixes: initialIsupport.prefixes },
    LINELEN: { linelen: initialIsupport.linelen },
    MONITOR: { monitor: initialIsupport.monitor },
    NETWORK: { network: initialIsupport.network },
  }),
);

type TokenReader = (value: string) => Partial<Isupport> | undefined;

const READERS: ReadonlyMap<string, TokenReader> = new Map(
  Object.entries<TokenReader>({
    CASEMAPPING: (value) => ({ casemapping: readCasemapping(value) }),
    NICKLEN: (value) => {
      const nicklen = readNumber(value, { least: 2, most: 512 });
      return nicklen === undefined ? undefined : { nicklen };
    },
    CHANTYPES: (value) => (value === "" ? undefined : { chantypes: value }),
    STATUSMSG: (value) => ({ statusmsg: value }),
    PREFIX: (value) => {
      const match = /^(?:\(([A-Za-z]*)\)(.*))?$/.exec(value);
      const [, modes = "", prefixes = ""] = match ?? [];
      return match === null || modes.length !== prefixes.length ? undefined : { prefixes };
    },
    LINELEN: (value) => {
      const linelen = readNumber(value, { least: 512, most: 65_536 });
      return linelen === undefined ? undefined : { linelen };
    },
    MONITOR: () => ({ monitor: true }),
    NETWORK: (value) => (value === "" ? undefined : { network: value }),
  }),
);

/** Every mapping folds A to Z, so an unknown one is taken for the one that folds nothing else. */
function readCasemapping(value: string): Casemapping {
  if (value === "rfc1459") return "rfc1459";
  // Both spellings are in use.
  if (value === "strict-rfc1459" || value === "rfc1459-strict") return "rfc1459-strict";
  return "ascii";
}

function readNumber(
  value: string,
  { least, most }: { readonly least: number; readonly most: number },
): number | undefined {
  const number = /^\d{1,9}$/.test(value) ? Number(value) : undefined;
  return number !== undefined && number >= least && number <= most ? number : undefined;
}

/** `\x20` is how a token holds a space. What would be a control character stays as it is written. */
function unescapeValue(value: string): string {
  return value.replace(/\\x([2-7][0-9A-Fa-f])/g, (escape, hex: string) =>
    hex.toUpperCase() === "7F" ? escape : String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

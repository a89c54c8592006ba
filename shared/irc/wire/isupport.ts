import type { Casemapping } from "./casemapping.ts";

/** What RPL_ISUPPORT (005) said of the server, with the defaults of RFC 1459 where it was silent. */
export interface Isupport {
  readonly casemapping: Casemapping;
  /** Longest nick in characters. */
  readonly nicklen: number;
  /** Characters that begin a channel's name. */
  readonly chantypes: string;
  /** Characters that may stand before a channel's name to reach only some of its members. */
  readonly statusmsg: string;
  /** Prefix characters of members, highest rank first, such as `@+`. */
  readonly prefixes: string;
  /** Longest line in bytes, CR LF included. */
  readonly linelen: number;
  readonly network: string | undefined;
}

/** Which characters a server takes for one another in nicks and channel names (ISUPPORT CASEMAPPING). */
export type Casemapping = "ascii" | "rfc1459" | "rfc1459-strict";

/**
 * Maps every name that the server takes for the same nick or channel to one string. RFC 1459 section
 * 2.2: `{}|^` are the lower case of `[]\~`; "strict" leaves out the last pair. Letters beyond ASCII
 * have no case in any of the mappings.
 */
export function foldCase(name: string, mapping: Casemapping): string {
  return name.replace(UPPER[mapping], (upper) =>
    // A to Z and [ \ ] all stand 32 places before their lower case; ~ stands alone.
    upper === "~" ? "^" : String.fromCharCode(upper.charCodeAt(0) + 32),
  );
}

const UPPER: Readonly<Record<Casemapping, RegExp>> = {
  ascii: /[A-Z]/g,
  rfc1459: /[A-Z[\\\]~]/g,
  "rfc1459-strict": /[A-Z[\\\]]/g,
};

/** True when the server takes both for the same nick or channel. */
export function sameName(a: string, b: string, mapping: Casemapping): boolean {
  return a === b || (a.length === b.length && foldCase(a, mapping) === foldCase(b, mapping));
}

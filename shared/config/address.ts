import { fromText } from "./types.ts";

/** A host and port to listen on: `127.0.0.1:9464` or `[::1]:9464`; the value has no brackets. */
export const address = () =>
  fromText("host:port such as 127.0.0.1:9464", (text) => {
    const url = parseAddress(`tcp://${text}`);
    return url === undefined || url.port === undefined ? undefined : { ...url, port: url.port };
  });

/**
 * Host and port of `scheme://host:port` with nothing else in it: no credentials, path, query or
 * fragment, which would be lost silently. Undefined for all other text.
 */
export function parseAddress(
  text: string,
): { readonly host: string; readonly port: number | undefined } | undefined {
  // Host names (RFC 1123 section 2.1), IPv4 addresses, and IPv6 addresses in brackets (RFC 3986).
  const match = /^[a-z]+:\/\/(?:\[([\da-f:.]+)\]|([\w.-]+))(?::(\d{1,5}))?\/?$/i.exec(text);
  const host = match?.[1] ?? match?.[2];
  if (host === undefined || !URL.canParse(text)) return undefined;
  const port = match?.[3] === undefined ? undefined : Number(match[3]);
  return port === 0 ? undefined : { host, port };
}

import { parseAddress } from "./address.ts";
import { fromText } from "./types.ts";

/**
 * Where an XMPP server listens: `xmpp://` (STARTTLS, RFC 6120 section 5), `xmpps://` (direct TLS,
 * XEP-0368), `ws://` or `wss://` (RFC 7395). The value is the URL as it was given.
 */
export const serviceUrl = () =>
  fromText("a URL such as xmpp://127.0.0.1:5222 (or xmpps://, ws://, wss://)", (text) =>
    parseService(text) === undefined ? undefined : text,
  );

/** What a service URL says of the way there; undefined for text that is no such URL. */
export function parseService(
  text: string,
): { readonly scheme: "xmpp" | "xmpps" | "ws" | "wss"; readonly host: string } | undefined {
  const schemes = ["xmpp", "xmpps", "ws", "wss"] as const;
  const scheme = schemes.find((name) => text.startsWith(`${name}://`));
  if (scheme === undefined) return undefined;
  // Only a WebSocket has a path: `wss://example.org:5281/xmpp-websocket`.
  const isWebSocket = scheme === "ws" || scheme === "wss";
  const address = parseAddress(
    isWebSocket ? text.replace(/([^/])\/[^/?#\s][^?#\s]*$/, "$1") : text,
  );
  return address && { scheme, host: address.host };
}

import type { IrcServer } from "../irc/server-pool.ts";
import { parseAddress } from "./address.ts";
import { listOf } from "./list.ts";

/** RFC 7194: TLS on 6697; RFC 1459 section 8.12 and long use: clear text on 6667. */
const STANDARD_PORTS = { ircs: 6697, irc: 6667 } as const;

/** Servers of one network in order of preference, each once: `ircs://irc.libera.chat,irc://[::1]:6667`. */
export const ircServers = () =>
  listOf({
    item: "ircs://host:port or irc://host:port",
    parse: parseServer,
    keysOf: ({ host, port }) => [`${host.toLowerCase()} ${port}`],
    repeated: "skip",
  });

function parseServer(text: string): IrcServer | undefined {
  const scheme = (["ircs", "irc"] as const).find((name) => text.startsWith(`${name}://`));
  const address = parseAddress(text);
  if (scheme === undefined || address === undefined) return undefined;
  const { host, port = STANDARD_PORTS[scheme] } = address;
  return { host, port, tls: scheme === "ircs" };
}

import { utf8Length } from "../../text/split.ts";

/** Who a line comes from, taken apart. */
export interface Source {
  /** A nick, or the whole name of a server, which holds a dot where a nick may not (RFC 2812 section 2.3.1). */
  readonly nick: string;
  readonly user: string | undefined;
  readonly host: string | undefined;
}

/** Reads `nick!user@host`, `nick@host`, `nick` or a server's name (RFC 1459 section 2.3.1). Never throws. */
export function parseSource(source: string): Source {
  const at = source.lastIndexOf("@");
  const head = at === -1 ? source : source.slice(0, at);
  const mark = head.indexOf("!");
  return {
    nick: mark === -1 ? head : head.slice(0, mark),
    user: mark === -1 ? undefined : head.slice(mark + 1),
    host: at === -1 ? undefined : source.slice(at + 1),
  };
}

/** The nick of a source, or a server's whole name; "" when a line has none. */
export function nickOf(source = ""): string {
  return parseSource(source).nick;
}

/**
 * How many bytes of text fit into one line as other clients get it, `:source COMMAND target :text`
 * with CR LF, when a line has `linelen` bytes (RFC 1459 section 2.3: 512). `source` is our own, as the
 * server writes it. Never less than 64, which only a source or target of absurd length would leave:
 * then the server cuts the line, and nothing loops for want of room.
 */
export function textBytes({
  source,
  command,
  target,
  linelen,
}: {
  readonly source: string;
  readonly command: string;
  readonly target: string;
  readonly linelen: number;
}): number {
  return Math.max(64, linelen - utf8Length(`:${source} ${command} ${target} :\r\n`));
}

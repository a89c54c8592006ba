/** A Client-To-Client message, which travels inside a PRIVMSG or NOTICE between U+0001 marks. */
export interface Ctcp {
  /** In upper case, such as `ACTION`; "" when the marks hold nothing. */
  readonly command: string;
  readonly text: string;
}

/**
 * Reads what a PRIVMSG or NOTICE says; undefined when it is plain text. The closing mark may be
 * missing, as a server may have cut the line; what stands behind one is ignored. (CTCP draft by
 * Oakley, draft-oakley-irc-ctcp-02 section 2.)
 */
export function readCtcp(text: string): Ctcp | undefined {
  if (!text.startsWith(MARK)) return undefined;
  const close = text.indexOf(MARK, 1);
  const inside = close === -1 ? text.slice(1) : text.slice(1, close);
  const space = inside.indexOf(" ");
  return space === -1
    ? { command: inside.toUpperCase(), text: "" }
    : { command: inside.slice(0, space).toUpperCase(), text: inside.slice(space + 1) };
}

const MARK = "\x01";

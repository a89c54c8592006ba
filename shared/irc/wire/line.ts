/** One IRC message (RFC 1459 section 2.3.1, IRCv3 message-tags), CR LF excluded. */
export interface Line {
  readonly tags?: Tags;
  /** `nick!user@host` or a server's name, without the leading colon. */
  readonly source?: string;
  /** Upper case letters, or three digits for a numeric. */
  readonly command: string;
  readonly params: readonly string[];
}

/** Message tags by name; one that came without a value has the value "". */
export type Tags = Readonly<Record<string, string>>;

/**
 * Reads one line; a CR LF at its end is ignored. Runs of spaces count as one, as servers have always
 * been forgiving about them. Undefined when there is no command of letters or digits. Never throws.
 */
export function parseLine(text: string): Line | undefined {
  const end = endOfLine(text);
  let at = skipSpaces(text, 0, end);
  let tags: Tags | undefined;
  let source: string | undefined;
  if (text.charCodeAt(at) === AT) {
    const stop = wordEnd(text, at, end);
    tags = parseTags(text.slice(at + 1, stop));
    at = skipSpaces(text, stop, end);
  }
  if (text.charCodeAt(at) === COLON) {
    const stop = wordEnd(text, at, end);
    source = text.slice(at + 1, stop);
    at = skipSpaces(text, stop, end);
  }
  const stop = wordEnd(text, at, end);
  const command = text.slice(at, stop);
  if (!COMMAND.test(command)) return undefined;
  return {
    ...(tags === undefined ? undefined : { tags }),
    ...(source === undefined ? undefined : { source }),
    command: command.toUpperCase(),
    params: parseParams(text, stop, end),
  };
}

const AT = 0x40;
const COLON = 0x3a;
const COMMAND = /^(?:[A-Za-z]+|[0-9]{3})$/;

function parseParams(text: string, start: number, end: number): string[] {
  const params: string[] = [];
  let at = skipSpaces(text, start, end);
  while (at < end) {
    if (text.charCodeAt(at) === COLON) {
      params.push(text.slice(at + 1, end));
      break;
    }
    const stop = wordEnd(text, at, end);
    params.push(text.slice(at, stop));
    at = skipSpaces(text, stop, end);
  }
  return params;
}

function parseTags(text: string): Tags {
  // Without a prototype, so that a tag named `constructor` or `__proto__` is a tag and no more.
  const tags: Record<string, string> = Object.create(null);
  for (const tag of text.split(";")) {
    const equals = tag.indexOf("=");
    const name = equals === -1 ? tag : tag.slice(0, equals);
    // A name that comes twice has its last value (IRCv3 message-tags, "Rules for naming").
    if (name !== "") tags[name] = equals === -1 ? "" : unescapeValue(tag.slice(equals + 1));
  }
  return tags;
}

/** Undoes the escapes of IRCv3 message-tags; a backslash before anything else, or at the end, is dropped. */
function unescapeValue(value: string): string {
  if (!value.includes("\\")) return value;
  return value.replace(/\\(.?)/gs, (_, escaped: string) => UNESCAPED[escaped] ?? escaped);
}

const UNESCAPED: Readonly<Record<string, string>> = { ":": ";", s: " ", r: "\r", n: "\n" };

function endOfLine(text: string): number {
  let end = text.length;
  while (end > 0 && (text.charCodeAt(end - 1) === 0x0a || text.charCodeAt(end - 1) === 0x0d)) {
    end -= 1;
  }
  return end;
}

function skipSpaces(text: string, start: number, end: number): number {
  let at = start;
  while (at < end && text.charCodeAt(at) === 0x20) at += 1;
  return at;
}

function wordEnd(text: string, start: number, end: number): number {
  const space = text.indexOf(" ", start);
  return space === -1 || space > end ? end : space;
}

/**
 * Writes a line without CR LF. CR, LF and NUL are taken out of every parameter. The last one may
 * hold spaces, begin with ":" or be empty, and then gets a ":" in front; any other cannot be written
 * so: its spaces and leading colons are taken out, and when nothing is left "*" stands for it, which
 * names no nick and no channel, so that no parameter ever slips into the place of another.
 */
export function formatLine(command: string, params: readonly string[]): string {
  let line = command.replace(UNSAFE_IN_WORD, "");
  const last = params.length - 1;
  for (const [index, param] of params.entries()) {
    line += ` ${index === last ? formatLast(param) : formatMiddle(param)}`;
  }
  return line;
}

/** Writes a line with a label of letters and digits, at most 64 (IRCv3 labeled-response). */
export function formatLabelled(label: string, command: string, params: readonly string[]): string {
  return `@label=${label.replace(/[^A-Za-z0-9]/g, "").slice(0, 64)} ${formatLine(command, params)}`;
}

const UNSAFE = /[\r\n\0]/g;
const UNSAFE_IN_WORD = /[\r\n\0 ]/g;

function formatLast(param: string): string {
  const text = param.replace(UNSAFE, "");
  return text === "" || text.startsWith(":") || text.includes(" ") ? `:${text}` : text;
}

function formatMiddle(param: string): string {
  return param.replace(UNSAFE_IN_WORD, "").replace(/^:+/, "") || "*";
}

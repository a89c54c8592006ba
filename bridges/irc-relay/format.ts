import type { ChatMessage } from "../../shared/message.ts";
import { ircSafe, isolateBidi, oneLine, safeNick, xmlSafe } from "../../shared/text/clean.ts";
import { splitByBytes, utf8Length } from "../../shared/text/split.ts";

/** More lines than these in one message would be taken for a flood; the rest is counted in a last one. */
export const MOST_LINES = 20;

/** What a person says in a room, as the lines that the channel gets: `<nick> text` or `* nick text`. */
export function formatForIrc(message: ChatMessage, limitBytes: number): readonly string[] {
  const nick = safeNick(message.nick);
  const [first, ...others] = message.body
    .split(/[\n\v\f\r\u0085\u2028\u2029]+/)
    .map((line) => isolateBidi(oneLine(ircSafe(line))))
    .filter((line) => line !== "");
  if (first === undefined) return [];
  const opening = message.kind === "action" ? `* ${nick} ` : `<${nick}> `;
  const lines = [
    ...prefixed(opening, first, limitBytes),
    ...others.flatMap((line) => prefixed(`<${nick}> `, line, limitBytes)),
  ];
  if (lines.length <= MOST_LINES) return lines;
  const shown = lines.slice(0, MOST_LINES - 1);
  return [...shown, `<${nick}> (+${lines.length - shown.length} lines)`];
}

/** What a person says in a channel, as the room gets it: one line. */
export function formatForRoom({ kind, nick, body }: ChatMessage): string {
  const name = safeNick(xmlSafe(nick));
  const text = xmlSafe(isolateBidi(oneLine(body)));
  if (kind === "action") return `* ${name} ${text}`;
  return kind === "notice" ? `-${name}- ${text}` : `<${name}> ${text}`;
}

/** Every piece names the speaker, so that no piece looks like the relay's own words. */
function prefixed(prefix: string, text: string, limitBytes: number): readonly string[] {
  const room = limitBytes - utf8Length(prefix);
  return splitByBytes(text, Math.max(4, room)).map((piece) => prefix + piece);
}

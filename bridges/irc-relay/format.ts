import type { ChatMessage } from "../../shared/message.ts";
import {
  ircSafe,
  isolateBidi,
  LINE_BREAKS,
  oneLine,
  safeNick,
  xmlSafe,
} from "../../shared/text/clean.ts";
import { splitByBytes, utf8Length } from "../../shared/text/split.ts";

/** More lines than these in one message would be taken for a flood; the rest is counted in a last one. */
export const MOST_LINES = 20;

/**
 * What a person says in a room, as messages of one line of IRC each: for each line of text one, for a
 * longer one as many as it takes. What is said in pieces is confirmed in pieces.
 */
export function splitForIrc(message: ChatMessage, limitBytes: number): readonly ChatMessage[] {
  const { body } = message;
  if (body.length * BYTES_OF_A_CHARACTER < limitBytes - MOST_PREFIX && !LINE_BREAKS.test(body)) {
    return [message];
  }
  const lines = body
    .split(LINE_BREAKS)
    .map((line) => isolateBidi(oneLine(ircSafe(line))))
    .filter((line) => line !== "");
  const pieces = lines.flatMap((line, i) =>
    splitLine({ ...message, kind: i === 0 ? message.kind : "message", body: line }, limitBytes),
  );
  if (pieces.length <= MOST_LINES) return pieces;
  const shown = pieces.slice(0, MOST_LINES - 1);
  const rest = `(+${pieces.length - shown.length} lines)`;
  return [...shown, { ...message, kind: "message", body: rest }];
}

/** The most that a UTF-16 code unit takes in UTF-8. */
const BYTES_OF_A_CHARACTER = 3;
/** A nick of at most 64 bytes, with what stands around it. */
const MOST_PREFIX = 70;

/**
 * A message as the lines that the channel gets, `<nick> text` or `* nick text`: one, if it was split.
 * Each begins with the stamp, where there is one.
 */
export function formatForIrc(
  message: ChatMessage,
  limitBytes: number,
  stamp = "",
): readonly string[] {
  return splitForIrc(message, limitBytes - stamp.length).flatMap((piece) => {
    const body = isolateBidi(oneLine(ircSafe(piece.body)));
    return body === "" ? [] : [stamp + openingOf(piece) + body];
  });
}

/** What a person says in a channel, as the room gets it: one line, which begins with the stamp. */
export function formatForRoom({ kind, nick, body }: ChatMessage, stamp = ""): string {
  const name = safeNick(xmlSafe(nick));
  const text = xmlSafe(isolateBidi(oneLine(body)));
  if (kind === "action") return `${stamp}* ${name} ${text}`;
  return stamp + (kind === "notice" ? `-${name}- ${text}` : `<${name}> ${text}`);
}

/**
 * What a line that comes late begins with: when it was said, in UTC, because its readers may be
 * anywhere. Nothing for one that was said within the last minute.
 */
export function lateStamp(at: number, now: number): string {
  if (now - at < LATE) return "";
  const [date = "", time = ""] = new Date(at).toISOString().split("T");
  const day = new Date(now).toISOString().startsWith(date) ? "" : `${date} `;
  return `[${day}${time.slice(0, TIME)} UTC] `;
}

/** A line of ours without its stamp: what of it stays the same when it is said again later. */
export function withoutStamp(line: string): string {
  return line.replace(STAMP, "");
}

const STAMP = /^\[(?:\d{4}-\d\d-\d\d )?\d\d:\d\d UTC\] /;

/** After so long people no longer take what is said for an answer to the line above, in milliseconds. */
const LATE = 60_000;
/** Length of `23:59`. */
const TIME = 5;

function splitLine(message: ChatMessage, limitBytes: number): readonly ChatMessage[] {
  const room = limitBytes - utf8Length(openingOf(message));
  return splitByBytes(message.body, Math.max(4, room)).map((body) => ({ ...message, body }));
}

/** Every line names the speaker, so that none looks like the relay's own words. */
function openingOf({ kind, nick }: ChatMessage): string {
  return kind === "action" ? `* ${safeNick(nick)} ` : `<${safeNick(nick)}> `;
}

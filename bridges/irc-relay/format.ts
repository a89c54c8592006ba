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

/**
 * What the relay says itself. It is written as `*** saxbridge: text`, as nothing can be that somebody says:
 * whoever has whatever nick begins with `<`, `* ` or `-`.
 */
export interface OwnLine {
  readonly kind: "own";
  readonly body: string;
}

const OWN = "*** saxbridge: ";

/** More lines than these in one message would be taken for a flood; the rest is counted in a last one. */
export const MOST_LINES = 20;

/**
 * What a person says in a room, as messages of one line of IRC each: for each line of text one, for a
 * longer one as many as it takes. What is said in pieces is confirmed in pieces.
 */
export function splitForIrc<L extends ChatMessage | OwnLine>(
  message: L,
  limitBytes: number,
): readonly L[] {
  const { body } = message;
  if (body.length * BYTES_OF_A_CHARACTER < limitBytes - MOST_PREFIX && !LINE_BREAKS.test(body)) {
    return [message];
  }
  const lines = body
    .split(LINE_BREAKS)
    .map(textForIrc)
    .filter((line) => line !== "");
  const pieces = lines.flatMap((line, i) =>
    splitLine({ ...(i === 0 ? message : spoken(message)), body: line }, limitBytes),
  );
  if (pieces.length <= MOST_LINES) return pieces;
  const shown = pieces.slice(0, MOST_LINES - 1);
  const rest = `(+${pieces.length - shown.length} lines)`;
  return [...shown, { ...spoken(message), body: rest }];
}

/** What of a body can be said in one line of IRC; empty when that is nothing. */
export function textForIrc(body: string): string {
  return oneLine(isolateBidi(ircSafe(body)));
}

/** What of a body can be said in one line of a room; empty when that is nothing. */
export function textForRoom(body: string): string {
  return oneLine(isolateBidi(xmlSafe(body)));
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
  message: ChatMessage | OwnLine,
  limitBytes: number,
  stamp = "",
): readonly string[] {
  return splitForIrc(message, limitBytes - stamp.length).flatMap((piece) => {
    const body = textForIrc(piece.body);
    return body === "" ? [] : [stamp + openingOnIrc(piece) + body];
  });
}

/** What a person says in a channel, or the relay itself, as the room gets it: one line, which begins with the stamp. */
export function formatForRoom(line: ChatMessage | OwnLine, stamp = ""): string {
  return stamp + openingInRoom(line) + textForRoom(line.body);
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

function splitLine<L extends ChatMessage | OwnLine>(line: L, limitBytes: number): readonly L[] {
  const room = limitBytes - utf8Length(openingOnIrc(line));
  return splitByBytes(line.body, Math.max(4, room)).map((body) => ({ ...line, body }));
}

/** What follows an action in the same message is no action. */
function spoken<L extends ChatMessage | OwnLine>(line: L): L {
  return line.kind === "own" ? line : { ...line, kind: "message" };
}

/** Every line names the speaker, so that none looks like the relay's own words. */
function openingOnIrc(line: ChatMessage | OwnLine): string {
  if (line.kind === "own") return OWN;
  const nick = safeNick(line.nick);
  return line.kind === "action" ? `* ${nick} ` : `<${nick}> `;
}

function openingInRoom(line: ChatMessage | OwnLine): string {
  if (line.kind === "own") return OWN;
  const nick = safeNick(xmlSafe(line.nick));
  if (line.kind === "action") return `* ${nick} `;
  return line.kind === "notice" ? `-${nick}- ` : `<${nick}> `;
}

import { shorten } from "./split.ts";

/**
 * Takes out what no XML 1.0 document may hold (section 2.2, Char): most C0 controls, U+FFFE and
 * U+FFFF. One such character closes the stream. A lone surrogate becomes U+FFFD, so that a reader
 * sees that something stood there. Line breaks stay.
 */
export function xmlSafe(text: string): string {
  if (!XML_FORBIDDEN.test(text)) return text;
  return text.replace(ALL_XML_FORBIDDEN, (character) =>
    LONE_SURROGATE.test(character) ? "\uFFFD" : "",
  );
}

// The production itself: Char ::= #x9 | #xA | #xD | [#x20-#xD7FF] | [#xE000-#xFFFD] | [#x10000-#x10FFFF].
const XML_FORBIDDEN = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;
const ALL_XML_FORBIDDEN = new RegExp(XML_FORBIDDEN, "gu");
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * Makes text fit to be a parameter of an IRC line: each run of CR, LF and NUL, which end a line or
 * break it (RFC 1459 section 2.3.1), becomes one space, and U+0001, which would make a CTCP of it, is
 * taken out. Formatting codes stay.
 */
export function ircSafe(text: string): string {
  if (!IRC_UNSAFE.test(text)) return text;
  return text.replaceAll("\x01", "").replace(IRC_BREAKS, " ");
}

const IRC_BREAKS = /[\r\n\0]+/g;
const IRC_UNSAFE = /[\r\n\0\cA]/;

/**
 * Makes one line of text: each run of line breaks of any kind becomes one space, a tab becomes a
 * space, every other control character is taken out, and so is space at both ends. Formatting codes
 * of IRC are controls too: take those out first, or their digits stay behind.
 */
export function oneLine(text: string): string {
  if (!CONTROL_OR_BREAK.test(text)) return text.trim();
  return text.replace(CONTROLS, "").replace(ALL_LINE_BREAKS, " ").replaceAll("\t", " ").trim();
}

/**
 * One run of what Unicode lets end a line (UAX #14: BK, CR, LF, NL): among the controls LF, VT, FF, CR
 * and NEL. Not global, so that it may be tested with and split at.
 */
export const LINE_BREAKS = /[\n\v\f\r\u0085\u2028\u2029]+/;
const ALL_LINE_BREAKS = new RegExp(LINE_BREAKS, "g");
const CONTROL_OR_BREAK = /[\p{Cc}\u2028\u2029]/u;
const CONTROLS = /(?![\t\n\v\f\r\u0085])\p{Cc}/gu;

/**
 * What may be shown of a nick in a line that we relay: `<nick> text` cannot be read as if another one
 * spoke, whatever the nick. On one line, without control characters; without anything invisible or
 * that turns the reading direction, but for the joiners inside an emoji; with plain single spaces; with
 * `‹` and `›` for `<` and `>`; with no accent in front that would fall upon what stands there; cut
 * with an ellipsis to `limitBytes` of UTF-8. "?" when nothing is left.
 *
 * Zero width joiners between letters go as well: some scripts read better with them, but they make
 * two nicks that look the same.
 */
export function safeNick(nick: string, limitBytes = 64): string {
  const visible = oneLine(nick)
    .replace(EMOJI_OR_IGNORABLE, (_, emoji: string | undefined) => emoji ?? "")
    .replace(SPACES, " ")
    .replace(/^[\p{M} ]+/u, "")
    .trimEnd()
    .replaceAll("<", "‹")
    .replaceAll(">", "›");
  return visible === "" ? "?" : shorten(visible, limitBytes);
}

// Default_Ignorable_Code_Point: zero widths, joiners, bidi controls, variation selectors, fillers, tags.
// No emoji joins more than four pictures; a longer chain is only a way to make one endless character.
const EMOJI_OR_IGNORABLE =
  /(\p{ExtPict}[\uFE0F\p{EMod}]?(?:\u200D\p{ExtPict}[\uFE0F\p{EMod}]?){0,3})|\p{DI}/gu;
/** U+2800 is a braille pattern without dots: to the eye, a space. */
const SPACES = /[\p{Zs}\u2800]+/gu;

/**
 * Makes sure that a body's bidi controls end with its line, so that they cannot turn around what
 * stands before or behind it: what is open at the end of a line is closed there, and a closing control
 * that closes nothing is taken out. Balanced text stays as it is, and so do letters that run from
 * right to left. (UAX #9, rules X1 to X8.)
 */
export function isolateBidi(text: string): string {
  if (!BIDI_CONTROL.test(text)) return text;
  return text.split(PARAGRAPH_END).map(closeBidi).join("");
}

const BIDI_CONTROL = /[\u202A-\u202E\u2066-\u2069]/;
const BIDI_CONTROLS = new RegExp(BIDI_CONTROL, "g");
/** Directions end with the paragraph in any case; split with the separators kept, as lines of their own. */
const PARAGRAPH_END = /([\n\r\u0085\u2029])/;

const PDF = "\u202C";
const PDI = "\u2069";
const isIsolate = (control: string) => control >= "\u2066" && control <= "\u2068";

function closeBidi(line: string): string {
  /** What closes each control that is open, outermost first. */
  const closers: string[] = [];
  let openIsolates = 0;
  const kept = line.replace(BIDI_CONTROLS, (control) => {
    if (control === PDF) {
      // An embedding's end reaches no further than the isolate that it stands in.
      if (closers.at(-1) !== PDF) return "";
      closers.pop();
    } else if (control === PDI) {
      if (openIsolates === 0) return "";
      openIsolates -= 1;
      // An isolate's end is the end of every embedding that was opened inside, too.
      closers.length = closers.lastIndexOf(PDI);
    } else if (isIsolate(control)) {
      openIsolates += 1;
      closers.push(PDI);
    } else {
      closers.push(PDF);
    }
    return control;
  });
  return kept + closers.toReversed().join("");
}

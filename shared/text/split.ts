/** How many bytes of UTF-8 the text takes on a wire. A lone surrogate is written as U+FFFD: 3 bytes. */
export function utf8Length(text: string): number {
  let bytes = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code < 0x80) bytes += 1;
    else if (code < 0x800) bytes += 2;
    else if (isPairAt(text, at)) {
      bytes += 4;
      at += 1;
    } else bytes += 3;
  }
  return bytes;
}

/**
 * Cuts text into pieces of at most `limitBytes` of UTF-8 which, joined, are the text again. A cut is
 * made after the last space of a piece's later half, else at a grapheme border (UAX #29), so that no
 * emoji, flag or accent falls apart. A grapheme that is larger than the limit is cut between code
 * points. Time grows with the text's length alone. No text gives no piece.
 *
 * @throws RangeError below 4 bytes, the largest code point.
 */
export function splitByBytes(text: string, limitBytes: number): string[] {
  if (limitBytes < 4) {
    throw new RangeError(`Cannot split at ${limitBytes} bytes: a code point may take 4`);
  }
  if (text === "") return [];
  const pieces: string[] = [];
  let start = 0;
  for (let fit = fitting(text, 0, limitBytes); fit < text.length; ) {
    const cut = cutBefore(text, start, fit);
    pieces.push(text.slice(start, cut));
    start = cut;
    fit = fitting(text, start, limitBytes);
  }
  pieces.push(text.slice(start));
  return pieces;
}

/**
 * The text when it fits into `limitBytes` of UTF-8, else its beginning and an ellipsis that together
 * do, cut as `splitByBytes` cuts.
 *
 * @throws RangeError below 7 bytes: a code point and the ellipsis.
 */
export function shorten(text: string, limitBytes: number): string {
  if (limitBytes < 7) throw new RangeError(`Cannot shorten to ${limitBytes} bytes: 7 are needed`);
  if (fitting(text, 0, limitBytes) === text.length) return text;
  const fit = fitting(text, 0, limitBytes - utf8Length(ELLIPSIS));
  return `${text.slice(0, cutBefore(text, 0, fit)).trimEnd()}${ELLIPSIS}`;
}

const ELLIPSIS = "…";

/** The end of the longest run of whole code points from `start` that takes at most `limitBytes`. */
function fitting(text: string, start: number, limitBytes: number): number {
  let left = limitBytes;
  for (let at = start; at < text.length; ) {
    const code = text.charCodeAt(at);
    const isPair = isPairAt(text, at);
    left -= code < 0x80 ? 1 : code < 0x800 ? 2 : isPair ? 4 : 3;
    if (left < 0) return at;
    at += isPair ? 2 : 1;
  }
  return text.length;
}

/** Where to end a piece that begins at `start` and may reach to `fit`. */
function cutBefore(text: string, start: number, fit: number): number {
  const afterSpace = afterLateSpace(text, start, fit);
  // A space may carry an accent, and is then no end of a word.
  if (afterSpace !== undefined && lastBorder(text, start, afterSpace) === afterSpace) {
    return afterSpace;
  }
  const border = lastBorder(text, start, fit);
  return border > start ? border : cutInside(text, start, fit);
}

/** Where to cut a grapheme that begins at `start` and reaches beyond `fit`. */
function cutInside(text: string, start: number, fit: number): number {
  // Half a flag would pair with the flag behind it, and that one with the next (UAX #29, GB12).
  const isFlag = fit - 2 > start && TWO_REGIONAL_INDICATORS.test(text.slice(fit - 2, fit + 2));
  return isFlag ? fit - 2 : fit;
}

const TWO_REGIONAL_INDICATORS = /^\p{RI}{2}$/u;

function afterLateSpace(text: string, start: number, fit: number): number | undefined {
  // Not lastIndexOf(), which would look back to the beginning of the text for every piece.
  for (let at = fit; at > start + (fit - start) / 2; at -= 1) {
    if (text.charCodeAt(at - 1) === 0x20) return at;
  }
  return undefined;
}

let segmenter: Intl.Segmenter | undefined;

/** The last grapheme border between `start` and `end`, both included. */
function lastBorder(text: string, start: number, end: number): number {
  if (end === text.length) return end;
  // Below U+0300 nothing clings to its neighbour but LF to CR (UAX #29, GB3).
  const before = text.charCodeAt(end - 1);
  const after = text.charCodeAt(end);
  if (before < 0x300 && after < 0x300 && !(before === 0x0d && after === 0x0a)) return end;
  // Whether a border is one depends on what stands before it and on one code point behind it, so
  // the piece and two code units are all that is looked at, however long the text is.
  segmenter ??= new Intl.Segmenter("und", { granularity: "grapheme" });
  const grapheme = segmenter.segment(text.slice(start, end + 2)).containing(end - start);
  return grapheme === undefined ? end : start + grapheme.index;
}

function isPairAt(text: string, at: number): boolean {
  return (text.charCodeAt(at) & 0xfc00) === 0xd800 && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00;
}

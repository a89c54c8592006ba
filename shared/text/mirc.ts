/**
 * Takes out the formatting codes of IRC, with the digits that belong to them, and leaves the text
 * (modern.ircdocs.horse/formatting). A colour is one or two digits, and a second one follows only
 * where a comma has a digit behind it; any other comma is text.
 */
export function stripFormatting(text: string): string {
  return CODE.test(text) ? text.replace(CODES, "") : text;
}

const BOLD = "\x02";
const COLOUR = "\x03";
const HEX_COLOUR = "\x04";
const RESET = "\x0F";
const MONOSPACE = "\x11";
const REVERSE = "\x16";
const ITALIC = "\x1D";
const STRIKETHROUGH = "\x1E";
const UNDERLINE = "\x1F";

const SIMPLE = `${BOLD}${RESET}${MONOSPACE}${REVERSE}${ITALIC}${STRIKETHROUGH}${UNDERLINE}`;
const CODE = new RegExp(`[${SIMPLE}${COLOUR}${HEX_COLOUR}]`);
const CODES = new RegExp(
  [
    `[${SIMPLE}]`,
    `${COLOUR}(?:[0-9]{1,2}(?:,[0-9]{1,2})?)?`,
    `${HEX_COLOUR}(?:[0-9A-Fa-f]{6}(?:,[0-9A-Fa-f]{6})?)?`,
  ].join("|"),
  "g",
);

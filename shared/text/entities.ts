import { windows1252Character } from "./windows-1252.ts";

/**
 * Decodes HTML character references exactly once, in one pass, so that `&amp;lt;` becomes `&lt;` and
 * no more. Known are numeric ones, and the names that forum and blog software writes: markup, usual
 * punctuation and signs, and every Latin letter with an accent. An unknown name, or one without its
 * semicolon, stays as it is. A number that is no character, or a control but tab and line breaks,
 * becomes U+FFFD; one from 128 to 159 is read as windows-1252 (HTML Standard section 13.2.5.80). Line
 * breaks and zero widths may come out of this: clean the text afterwards.
 */
export function decodeEntities(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(
    ENTITY,
    (entity, decimal?: string, hexadecimal?: string, name?: string): string => {
      if (decimal !== undefined) return numbered(Number.parseInt(decimal, 10));
      if (hexadecimal !== undefined) return numbered(Number.parseInt(hexadecimal, 16));
      return NAMED.get(name ?? "") ?? accented(name ?? "") ?? entity;
    },
  );
}

const ENTITY = /&(?:#([0-9]+)|#[xX]([0-9A-Fa-f]+)|([A-Za-z][A-Za-z0-9]{0,31}));/g;

function numbered(code: number): string {
  if (code >= 0x80 && code <= 0x9f) return printable(windows1252Character(code));
  if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return "\uFFFD";
  return printable(String.fromCodePoint(code));
}

function printable(character: string): string {
  return /^(?![\t\n\r])\p{Cc}$/u.test(character) ? "\uFFFD" : character;
}

/** `eacute` is e with an acute: HTML names its letters so, and Unicode knows which of them there are. */
function accented(name: string): string | undefined {
  const [, letter = "", accent = ""] = /^([A-Za-z])([a-z]+)$/.exec(name) ?? [];
  const mark = ACCENTS.get(accent);
  if (mark === undefined) return undefined;
  const composed = `${letter}${mark}`.normalize("NFC");
  return composed.length === 1 ? composed : undefined;
}

const ACCENTS: ReadonlyMap<string, string> = new Map([
  ["grave", "\u0300"],
  ["acute", "\u0301"],
  ["circ", "\u0302"],
  ["tilde", "\u0303"],
  ["uml", "\u0308"],
  ["ring", "\u030A"],
  ["caron", "\u030C"],
  ["cedil", "\u0327"],
]);

const NAMED: ReadonlyMap<string, string> = new Map(
  Object.entries({
    lt: "<",
    gt: ">",
    amp: "&",
    quot: '"',
    apos: "'",
    nbsp: "\u00A0",
    hellip: "…",
    ndash: "–",
    mdash: "—",
    lsquo: "‘",
    rsquo: "’",
    sbquo: "‚",
    ldquo: "“",
    rdquo: "”",
    bdquo: "„",
    lsaquo: "‹",
    rsaquo: "›",
    laquo: "«",
    raquo: "»",
    iexcl: "¡",
    iquest: "¿",
    bull: "•",
    middot: "·",
    sect: "§",
    para: "¶",
    copy: "©",
    reg: "®",
    trade: "™",
    euro: "€",
    pound: "£",
    yen: "¥",
    cent: "¢",
    deg: "°",
    micro: "µ",
    plusmn: "±",
    times: "×",
    divide: "÷",
    minus: "−",
    ne: "≠",
    le: "≤",
    ge: "≥",
    frac14: "¼",
    frac12: "½",
    frac34: "¾",
    sup2: "²",
    sup3: "³",
    larr: "←",
    rarr: "→",
    AElig: "Æ",
    aelig: "æ",
    OElig: "Œ",
    oelig: "œ",
    Oslash: "Ø",
    oslash: "ø",
    ETH: "Ð",
    eth: "ð",
    THORN: "Þ",
    thorn: "þ",
    szlig: "ß",
  }),
);

const CODES = { bold: "\u001b[1m", dim: "\u001b[2m" } as const;
const PLAIN = "\u001b[0m";

/** The text in this style where the terminal has colours, else as it is. */
export function paint(style: keyof typeof CODES, text: string, colours: boolean): string {
  return colours ? `${CODES[style]}${text}${PLAIN}` : text;
}

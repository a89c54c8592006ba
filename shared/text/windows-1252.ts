/**
 * Reads bytes as windows-1252, as the WHATWG Encoding Standard has it: the five bytes that Microsoft
 * left undefined become C1 controls, so every byte has a character.
 *
 * The platform's `TextDecoder("windows-1252")` is not used: in Node 20.18.3 and later releases, some of
 * 22 and 24 too, it reads 0x80 to 0x9F as Latin-1.
 */
export function decodeWindows1252(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += windows1252Character(byte);
  return text;
}

/** The character of one byte. */
export function windows1252Character(byte: number): string {
  return FROM_0X80[byte - 0x80] ?? String.fromCharCode(byte);
}

const FROM_0X80: readonly string[] = Array.from("€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ");

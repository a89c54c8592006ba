import { decodeWindows1252 } from "../../text/windows-1252.ts";

/**
 * Reads one line's bytes. IRC names no encoding: UTF-8 where it is valid, byte order marks kept, else
 * windows-1252, which gives old clients' accents and never fails. Decode whole lines: a character may
 * be split between two reads.
 */
export function decodeIrc(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    return decodeWindows1252(bytes);
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

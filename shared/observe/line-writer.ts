import { Buffer } from "node:buffer";
import { writeSync } from "node:fs";

/** Lines that cannot be written wait, up to so many bytes. */
const MOST_WAITING = 65_536;

export interface LineWriter {
  write(line: string): void;
}

/**
 * Writes lines to an open file before the call returns, and never throws. What cannot be written, because
 * the disk is full or nobody reads, waits for a later line; what is too much for that is given up, and
 * how many lines that were is told as soon as there is room again.
 */
export function lineWriter(fd: number, tellLost: (count: number) => void): LineWriter {
  let waiting: Buffer = Buffer.alloc(0);
  let lost = 0;
  return {
    write(line) {
      const bytes = Buffer.from(line);
      if (waiting.length + bytes.length > MOST_WAITING) lost += 1;
      else waiting = waiting.length === 0 ? bytes : Buffer.concat([waiting, bytes]);
      waiting = writeSome(fd, waiting);
      if (waiting.length > 0 || lost === 0) return;
      const count = lost;
      lost = 0;
      tellLost(count);
    },
  };
}

/** Writes what there is room for, and returns the rest. */
function writeSome(fd: number, bytes: Buffer): Buffer {
  let rest = bytes;
  try {
    while (rest.length > 0) rest = rest.subarray(writeSync(fd, rest));
  } catch {
    // There is nowhere to say so.
  }
  return rest;
}

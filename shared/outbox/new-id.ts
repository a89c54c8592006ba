import type { Clock } from "../clock.ts";

/**
 * An id for an entry that brings none: no other entry has it, of this run or of any other, and nobody
 * can tell it beforehand. Letters and digits, so that every protocol takes it.
 */
export function newId(clock: Clock): string {
  const parts = [clock.wallNow(), clock.random() * 2 ** 52, clock.random() * 2 ** 52];
  return parts.map((part) => Math.floor(part).toString(36).padStart(9, "0")).join("");
}

import { hash, randomBytes } from "node:crypto";
import type { Fingerprint } from "./trail.ts";

/** Of base64, 6 bits each: nobody takes one text for another by chance. */
const CHARACTERS = 20;

/** The note that keeps the key of a journal's fingerprints. */
export const FINGERPRINT_KEY = "trail key";

/** A secret for `keyedFingerprint`. */
export function newFingerprintKey(): string {
  return randomBytes(32).toString("base64");
}

/**
 * Tells a text again without showing it. With a key of its own for each file, so that the fingerprints of one
 * site say nothing to whoever has those of another, or a list of common words.
 *
 * SHA-256 of the key and the text, of which less than half is shown: that is as good as HMAC, whose second round
 * is for hashes that are shown whole, and costs a fifth.
 */
export function keyedFingerprint(key: string): Fingerprint {
  return (text) => hash("sha256", key + text, "base64").slice(0, CHARACTERS);
}

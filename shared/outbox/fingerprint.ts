import { createHmac, createSecretKey, randomBytes } from "node:crypto";
import type { Fingerprint } from "./trail.ts";

/** Of base64, 6 bits each: nobody takes one text for another by chance. */
const CHARACTERS = 20;

/** A secret for `keyedFingerprint`. */
export function newFingerprintKey(): string {
  return randomBytes(32).toString("base64");
}

/**
 * Tells a text again without showing it. With a key of its own for each file (HMAC-SHA-256), so that
 * fingerprints of one site say nothing to whoever has those of another, or a list of common words.
 */
export function keyedFingerprint(key: string): Fingerprint {
  const secret = createSecretKey(key, "base64");
  return (text) => createHmac("sha256", secret).update(text).digest("base64").slice(0, CHARACTERS);
}

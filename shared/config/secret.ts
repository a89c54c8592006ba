import { z } from "zod";
import { hasControls } from "./types.ts";

/** A value that does not print itself: a log, a JSON text or an inspection shows `[secret]`. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value itself, for the one call that sends it. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return "[secret]";
  }

  toJSON(): string {
    return "[secret]";
  }

  /** What util.inspect() and console.log() show. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return "[secret]";
  }
}

/**
 * A password or token in one line. The mark in its metadata is what tells documentation and loaders
 * that this variable may also be named with `_FILE`; errors about it never quote it.
 */
export const secret = () =>
  z
    .string()
    .transform((text, context) => {
      if (!hasControls(text)) return new Secret(text);
      context.addIssue("should be one line without control characters");
      return z.NEVER;
    })
    .meta({ secret: true });

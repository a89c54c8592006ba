import { z } from "zod";

/**
 * The one shape of a leaf: a parser from text, and the words for what the text should be. `parse`
 * returns undefined for text that it does not understand; the error then quotes that text.
 */
export function fromText<T>(expected: string, parse: (text: string) => T | undefined) {
  return z.string().transform((text, context) => {
    const value = parse(text);
    if (value !== undefined) return value;
    context.addIssue(`should be ${expected}, not ${quote(text)}`);
    return z.NEVER;
  });
}

/** Text as people quote it, in one line; what stands before the `@` of an address might be a password. */
export function quote(text: string): string {
  return JSON.stringify(text.replaceAll(/\/\/[^/@]*@/g, "//[secret]@"));
}

/** One line of text: no control characters, which no protocol of ours can carry. */
export const oneLine = () =>
  fromText("one line of text", (text) => (hasControls(text) ? undefined : text));

/** True when the text holds a C0 or C1 control character, DEL among them. */
export function hasControls(text: string): boolean {
  return /\p{Cc}/u.test(text);
}

/** Exactly one of these words. */
export const oneOf = <const Word extends string>(...words: readonly Word[]) =>
  fromText(words.join(" or "), (text) => words.find((word) => word === text));

/** `yes` or `no`, and the other usual words for them in any case. */
export const flag = () =>
  z.stringbool({
    truthy: ["yes", "true", "on", "1"],
    falsy: ["no", "false", "off", "0"],
    error: ({ input }) => `should be yes or no, not ${quote(String(input))}`,
  });

/** A number in decimal digits between two bounds, both included. */
export const wholeNumber = ({ min, max }: { readonly min: number; readonly max: number }) =>
  fromText(`a whole number from ${min} to ${max}`, (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    return value >= min && value <= max ? value : undefined;
  });

const MILLISECONDS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** A timer counts to 2^31 - 1 milliseconds; one that is set for longer would fire at once. */
const LONGEST_TIMER = "24d";

/** A duration such as `250ms`, `30s`, `5m`, `2h` or `1d`, or `0`; the program sees milliseconds. */
export const duration = ({ max = LONGEST_TIMER }: { readonly max?: string } = {}) =>
  fromText(`a duration such as 30s or 5m, at most ${max}`, (text) => {
    const value = text === "0" ? 0 : measure(text, MILLISECONDS);
    return value !== undefined && value <= (measure(max, MILLISECONDS) ?? 0) ? value : undefined;
  });

const BYTES: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1_000,
  MB: 1_000_000,
  GB: 1_000_000_000,
  KiB: 1_024,
  MiB: 1_048_576,
  GiB: 1_073_741_824,
};

/** A queue of less would be full with a few long messages, and one of nothing would take none at all. */
const LEAST_BYTES = "64kB";

/** A size such as `64MiB` or `256kB`, 64 kB or more unless `min` says otherwise; the program sees bytes. */
export const bytes = ({ min = LEAST_BYTES }: { readonly min?: string } = {}) =>
  fromText(`a size such as 64MiB or 256kB, at least ${min}`, (text) => {
    const value = measure(text, BYTES);
    return value !== undefined && value >= (measure(min, BYTES) ?? 0) ? value : undefined;
  });

/** Digits and a unit; undefined for anything else, and for more than a number can count. */
function measure(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const [, digits = "", name = ""] = /^(\d+)([A-Za-z]+)$/.exec(text) ?? [];
  const unit = Object.hasOwn(units, name) ? units[name] : undefined;
  const value = Number(digits) * (unit ?? Number.NaN);
  return Number.isSafeInteger(value) ? value : undefined;
}

/** Rights of a file in octal, as chmod takes them: `0660`. No set-id and sticky bits. */
export const fileMode = () =>
  fromText("three octal digits such as 0660", (text) =>
    /^0?[0-7]{3}$/.test(text) ? Number.parseInt(text, 8) : undefined,
  );

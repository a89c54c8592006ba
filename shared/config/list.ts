import { z } from "zod";
import { quote } from "./types.ts";

interface ListRules<T> {
  /** What one item should be. */
  readonly item: string;
  /** Undefined for text that is no item. */
  readonly parse: (text: string) => T | undefined;
  /** What may stand only once in the list. */
  readonly keysOf: (value: T) => readonly string[];
  /** What becomes of an item that repeats an earlier one. */
  readonly repeated: "refuse" | "skip";
}

/**
 * Items with commas between them; spaces around an item do not count, and neither does a comma at the
 * end. The error quotes each item that is wrong, or that repeats an earlier one and must not.
 */
export const listOf = <T>({ item, parse, keysOf, repeated }: ListRules<T>) =>
  z.string().transform((text, context): readonly T[] => {
    const items = text.split(",").map((part) => part.trim());
    if (items.length > 1 && items.at(-1) === "") items.pop();
    const seen = new Set<string>();
    return items.flatMap((part) => {
      const value = parse(part);
      const keys = value === undefined ? [] : keysOf(value);
      if (value === undefined) {
        context.addIssue(`should be a list of ${item}, but holds ${quote(part)}`);
      } else if (keys.some((key) => seen.has(key))) {
        if (repeated === "skip") return [];
        context.addIssue(`should name everything once, but ${quote(part)} repeats an earlier item`);
      }
      for (const key of keys) seen.add(key);
      return value === undefined ? [] : [value];
    });
  });

import type { z } from "zod";
import type { Notes } from "./journal.ts";

/** Reads a note that holds JSON; undefined when there is none, or it is not what it should be. */
export function readNote<T>(notes: Notes, name: string, schema: z.ZodType<T>): T | undefined {
  const text = notes.note(name);
  if (text === undefined) return undefined;
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

import type { Notes } from "../../shared/outbox/journal.ts";

/** Notes that a test can hand on from one run to the next. */
export function fakeNotes(): Notes {
  const notes = new Map<string, string>();
  return {
    note: (name) => notes.get(name),
    setNote(name, value) {
      if (value === undefined) notes.delete(name);
      else notes.set(name, value);
    },
  };
}

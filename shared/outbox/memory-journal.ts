import type { Journal } from "./outbox.ts";

/** A journal that forgets everything with the process: for checks, and for tests. */
export function memoryJournal(): Journal {
  let seq = 0;
  return {
    nextSeq: () => ++seq,
    append: (_row, _withinMs, committed) => committed && queueMicrotask(committed),
    settle() {},
    load: () => [],
  };
}

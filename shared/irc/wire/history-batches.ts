import type { Line } from "./line.ts";

/** Types of batches whose lines were said before: IRCv3 chathistory, and ZNC's own. */
const HISTORY: ReadonlySet<string> = new Set([
  "chathistory",
  "draft/chathistory",
  "znc.in/playback",
]);

/** No server has as many open at once, unless it never closes them. */
const MOST_OPEN = 100;

/**
 * The references of the history batches that are open after the line (IRCv3 batch), given those before.
 * A batch inside a history batch is history too.
 */
export function followBatches(open: ReadonlySet<string>, line: Line): ReadonlySet<string> {
  if (line.command !== "BATCH") return open;
  const [mark = "", type = ""] = line.params;
  const reference = mark.slice(1);
  if (mark.startsWith("-")) return new Set([...open].filter((other) => other !== reference));
  const outer = line.tags?.["batch"];
  const isHistory = HISTORY.has(type) || (outer !== undefined && open.has(outer));
  return mark.startsWith("+") && isHistory ? new Set([...open, reference].slice(-MOST_OPEN)) : open;
}

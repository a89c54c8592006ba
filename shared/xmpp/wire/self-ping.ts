import { readStanzaError } from "./stanza-error.ts";
import type { Element } from "./xml.ts";

export type SelfPingVerdict = "inside" | "outside" | "undecided";

// The ping came to a client that does not know it, or to a nick that has just changed.
const INSIDE = ["service-unavailable", "feature-not-implemented", "item-not-found"];
// The room's server cannot be reached, so that nobody can tell.
const UNDECIDED = ["remote-server-not-found", "remote-server-timeout"];

/**
 * What the answer to a self-ping says about our being in the room, by the list in XEP-0410 section
 * 3.2. No answer, or one that is none, leaves it undecided: ask again later.
 */
export function readSelfPing(answer: Element | undefined): SelfPingVerdict {
  if (answer?.is("iq") !== true) return "undecided";
  if (answer.attrs.type === "result") return "inside";
  const error = readStanzaError(answer);
  if (error === undefined || UNDECIDED.includes(error.condition)) return "undecided";
  return INSIDE.includes(error.condition) ? "inside" : "outside";
}

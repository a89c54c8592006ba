import { DISCO_INFO, PING, STANZA_ERRORS, VERSION } from "./namespaces.ts";
import { type Element, el, type Node } from "./xml.ts";

/** What we tell of ourselves to whoever asks. */
export interface Introduction {
  readonly name: string;
  readonly version: string;
  /** XEP-0030 section 3.1; `client` and `bot` for us. */
  readonly identity: { readonly category: string; readonly type: string };
  /** Namespaces that we understand, beside those of the questions answered here. */
  readonly features: readonly string[];
}

/**
 * The answer to an IQ that asks us something: ping (XEP-0199), who we are (XEP-0030) and which version
 * (XEP-0092), which does not name the operating system. Any other `get` or `set` gets
 * `service-unavailable` (RFC 6120 section 8.4); an answer gets none, so that no loop begins.
 */
export function answerQuery(iq: Element, introduction: Introduction): Node | undefined {
  const { id, from, type } = iq.attrs;
  if (!iq.is("iq") || (type !== "get" && type !== "set")) return undefined;
  const query = iq.getChildElements()[0];
  const answer = query && type === "get" ? answers(query, introduction) : undefined;
  return answer === undefined
    ? el("iq", { type: "error", to: from, id }, error("service-unavailable"))
    : el("iq", { type: answer.type, to: from, id }, ...answer.payload);
}

interface Answer {
  readonly type: "result" | "error";
  readonly payload: readonly Node[];
}

function answers(query: Element, introduction: Introduction): Answer | undefined {
  if (query.is("ping", PING)) return { type: "result", payload: [] };
  if (query.is("query", VERSION)) return { type: "result", payload: [ourVersion(introduction)] };
  if (!query.is("query", DISCO_INFO)) return undefined;
  // A node asks about a part of us, and we have none (XEP-0030 section 7).
  if (query.attrs.node !== undefined) return { type: "error", payload: [error("item-not-found")] };
  return { type: "result", payload: [discoInfo(introduction)] };
}

function ourVersion({ name, version }: Introduction): Node {
  return el("query", { xmlns: VERSION }, el("name", {}, name), el("version", {}, version));
}

function discoInfo({ name, identity, features }: Introduction): Node {
  const known = new Set([DISCO_INFO, PING, VERSION, ...features]);
  return el(
    "query",
    { xmlns: DISCO_INFO },
    el("identity", { ...identity, name }),
    ...Array.from(known, (feature) => el("feature", { var: feature })),
  );
}

function error(condition: string): Node {
  return el("error", { type: "cancel" }, el(condition, { xmlns: STANZA_ERRORS }));
}

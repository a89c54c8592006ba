import { STANZA_ERRORS } from "./namespaces.ts";
import type { Element } from "./xml.ts";

/** Why a stanza of ours was refused (RFC 6120 section 8.3). */
export interface StanzaError {
  /** Such as `item-not-found`; `undefined-condition` when the server named none. */
  readonly condition: string;
  /** `auth`, `cancel`, `continue`, `modify` or `wait`; `cancel` when the server named none. */
  readonly errorType: string;
  /** What the server adds for people. */
  readonly text: string | undefined;
  /** Where it went instead: what `<gone/>` and `<redirect/>` hold, mostly an `xmpp:` URI. */
  readonly address: string | undefined;
}

/** Reads the error of a presence, message or IQ; undefined when its type is not `error`. */
export function readStanzaError(stanza: Element): StanzaError | undefined {
  if (stanza.attrs.type !== "error") return undefined;
  const error = stanza.getChild("error");
  const condition = error
    ?.getChildElements()
    .find((child) => child.getNS() === STANZA_ERRORS && !child.is("text"));
  return {
    condition: condition?.name ?? "undefined-condition",
    errorType: error?.attrs.type ?? "cancel",
    text: error?.getChildText("text", STANZA_ERRORS) ?? undefined,
    address: condition?.text() === "" ? undefined : condition?.text(),
  };
}

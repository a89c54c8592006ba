import type { Element, Node } from "./wire/xml.ts";

/** One authenticated XMPP stream, as the services above the edge see it. */
export interface XmppSession {
  /** Our full JID as the server bound it. */
  readonly jid: string;
  /** When something last came in, in monotonic milliseconds. */
  readonly heardAt: number;
  /** Writes one stanza; those of one turn go out together. Does nothing once the session is over. */
  send(stanza: Node): void;
  /** Sends an IQ and resolves with the answer, result or error; undefined when none came in time. */
  request(iq: Node, timeoutMs: number): Promise<Element | undefined>;
  /** Calls the listener with every message and presence from the bare JID `from`; returns how to stop. */
  onStanza(from: string, listener: (stanza: Element) => void): () => void;
  /** Breaks the connection without a goodbye: the far side is taken for dead. */
  abandon(reason: string): void;
  /** Resolves with the reason when the stream is over, however it ended. Never rejects. */
  readonly ended: Promise<string>;
  /** Closes the stream politely. */
  close(): Promise<void>;
}

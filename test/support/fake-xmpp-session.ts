import type { XmppSession } from "../../shared/xmpp/session.ts";
import { bareOf } from "../../shared/xmpp/wire/jid.ts";
import { serialise } from "../../shared/xmpp/wire/serialise.ts";
import type { Element, Node } from "../../shared/xmpp/wire/xml.ts";
import { stanza } from "./stanza.ts";

/** A question that the room or the server was asked. */
export interface FakeRequest {
  readonly iq: string;
  readonly timeoutMs: number;
  /** Answers it with this stanza; without one, as when nothing came in time. */
  readonly answer: (xml?: string) => void;
}

/** A session without a network: what is sent lies in `sent`, and stanzas come in by `hear()`. */
export class FakeXmppSession implements XmppSession {
  readonly jid = "relay@xmpp.test/bound";
  heardAt = 0;
  readonly ended: Promise<string>;
  /** Every stanza that was sent, as text. */
  readonly sent: string[] = [];
  /** Every question that was asked, oldest first. */
  readonly requests: FakeRequest[] = [];
  isClosed = false;
  readonly #listeners = new Map<string, Set<(element: Element) => void>>();
  #end: (reason: string) => void = () => {};
  #over = false;

  constructor() {
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  send(node: Node): void {
    if (!this.#over) this.sent.push(serialise(node));
  }

  request(iq: Node, timeoutMs: number): Promise<Element | undefined> {
    return new Promise((resolve) => {
      const answer = (xml?: string) => resolve(xml === undefined ? undefined : stanza(xml));
      if (this.#over) return answer();
      this.requests.push({ iq: serialise(iq), timeoutMs, answer });
      void this.ended.then(() => answer());
    });
  }

  onStanza(from: string, listener: (element: Element) => void): () => void {
    const listeners = this.#listeners.get(from) ?? new Set();
    this.#listeners.set(from, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  /** Lets one stanza come in from the server. */
  hear(xml: string): void {
    if (this.#over) return;
    const element = stanza(xml);
    const from = bareOf(element.attrs["from"] ?? "");
    for (const listener of this.#listeners.get(from) ?? []) listener(element);
  }

  /** The stanzas sent since the last call. */
  takeSent(): string[] {
    return this.sent.splice(0);
  }

  /** Breaks the stream. */
  end(reason = "connection reset"): void {
    this.#over = true;
    this.#end(reason);
  }

  abandon(reason: string): void {
    this.end(reason);
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.end("closed");
  }
}

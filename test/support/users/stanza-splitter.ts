const TAG = /<(?:[^'">]|'[^']*'|"[^"]*")*>/y;

/**
 * Cuts the text of an XML stream into its stanzas: the elements at depth one, as they were written.
 * Knows no comments and no CDATA, which XMPP forbids (RFC 6120 section 11.1) or servers never send.
 */
export class StanzaSplitter {
  #rest = "";
  #depth = 0;

  /** Takes the next piece of the stream, cut anywhere, and returns the stanzas that it completes. */
  push(text: string): string[] {
    this.#rest += text;
    const stanzas: string[] = [];
    let start = 0;
    let at = this.#scanned;
    for (;;) {
      const open = this.#rest.indexOf("<", at);
      if (open === -1) break;
      TAG.lastIndex = open;
      const tag = TAG.exec(this.#rest)?.[0];
      if (tag === undefined) break;
      at = open + tag.length;
      const before = this.#depth;
      this.#depth += change(tag);
      if (before === 1 && this.#depth >= 1) start = open;
      if (this.#depth === 1 && before >= 1) stanzas.push(this.#rest.slice(start, at));
      if (this.#depth <= 1) start = at;
    }
    this.#rest = this.#rest.slice(start);
    this.#scanned = at - start;
    return stanzas;
  }

  /** The next text begins a new stream, as after SASL (RFC 6120 section 6.4.6). */
  reset(): void {
    this.#rest = "";
    this.#depth = 0;
    this.#scanned = 0;
  }

  #scanned = 0;
}

function change(tag: string): number {
  if (tag.startsWith("<?")) return 0;
  if (tag.startsWith("</")) return -1;
  return tag.endsWith("/>") ? 0 : 1;
}

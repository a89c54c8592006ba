import * as library from "@xmpp/client";
import type { Element } from "../../shared/xmpp/wire/xml.ts";

declare module "@xmpp/client" {
  /** The library's own stream parser, which hands over each stanza as the edge gets it. */
  export const xml: {
    readonly Parser: new () => {
      write(text: string): void;
      on(event: "element", listener: (stanza: Element) => void): void;
    };
  };
}

/** The stanza as it comes out of a stream in which the server wrote this text. */
export function stanza(text: string): Element {
  const parser = new library.xml.Parser();
  const stanzas: Element[] = [];
  parser.on("element", (element) => stanzas.push(element));
  parser.write(`<stream:stream xmlns="jabber:client" xmlns:stream="${STREAMS}">${text}`);
  const [first] = stanzas;
  if (first === undefined) throw new Error(`Cannot read a stanza: there is none in ${text}`);
  return first;
}

const STREAMS = "http://etherx.jabber.org/streams";

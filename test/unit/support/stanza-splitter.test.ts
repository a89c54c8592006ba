import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { StanzaSplitter } from "../../support/users/stanza-splitter.ts";
import {
  attribute,
  children,
  childText,
  escapeXml,
  unescapeXml,
} from "../../support/users/stanza-text.ts";

const HEADER = "<?xml version='1.0'?><stream:stream from='a' xmlns='jabber:client'>";
const STANZAS = [
  "<presence/>",
  "<message from='room/a &gt; b'><body>1 > 0 &amp; &quot;so&quot;</body><x><body>inner</body></x></message>",
  `<iq id="1>2" type='result'><query><item a="'>'"/></query></iq>`,
];

describe("StanzaSplitter", () => {
  test("finds the same stanzas however the stream is cut", () => {
    const stream = HEADER + STANZAS.join(" \n");
    fc.assert(
      fc.property(fc.array(fc.nat(stream.length)), (cuts) => {
        const borders = [0, ...cuts.toSorted((a, b) => a - b), stream.length];
        const splitter = new StanzaSplitter();
        const found = borders.flatMap((end, i) => splitter.push(stream.slice(borders[i - 1], end)));
        expect(found).toEqual(STANZAS);
      }),
    );
  });

  test("begins again after a reset", () => {
    const splitter = new StanzaSplitter();
    expect(splitter.push(`${HEADER}<success/>`)).toEqual(["<success/>"]);
    splitter.reset();
    expect(splitter.push(`${HEADER}<presence/>`)).toEqual(["<presence/>"]);
  });

  test("takes no stanza out of an element without children", () => {
    expect(children("<presence from='a'/>", "x")).toEqual([]);
  });
});

describe("reading a stanza", () => {
  const [, message = ""] = STANZAS;

  test("takes the body of the message itself, not of what it carries", () => {
    expect(childText(message, "body")).toBe('1 > 0 & "so"');
  });

  test("takes an attribute of the element itself", () => {
    expect(attribute(message, "from")).toBe("room/a > b");
    expect(attribute(message, "to")).toBeUndefined();
  });

  test("unescapeXml() gives back what escapeXml() took", () => {
    fc.assert(fc.property(fc.string({ unit: "grapheme" }), (t) => unescapeXml(escapeXml(t)) === t));
    expect(unescapeXml("&#233;&#x1F511;&unknown;")).toBe("é🔑&unknown;");
  });
});

import * as fc from "fast-check";
import * as namespaces from "../../../shared/xmpp/wire/namespaces.ts";
import { serialise } from "../../../shared/xmpp/wire/serialise.ts";
import { type Element, el, type Node } from "../../../shared/xmpp/wire/xml.ts";
import { stanza } from "../../support/stanza.ts";

const NAMES =
  "message presence iq x item status error body subject thread delay stanza-id origin-id query ping " +
  "result forwarded fin set last destroy reason actor occupant-id relayed conflict text gone";
const ATTRIBUTES =
  "from to id type code nick jid by stamp affiliation role complete queryid xml:lang";

const value = fc.oneof(
  fc.constantFrom("", "groupchat", "error", "unavailable", "result", "110", "303", "301", "true"),
  fc.constantFrom("chat@conference.localhost", "chat@conference.localhost/romeo", "/", "@", "a/"),
  fc.string({ unit: "binary", maxLength: 12 }),
);

const attrs = fc
  .record({
    xmlns: fc.option(fc.constantFrom(...Object.values(namespaces)), { nil: undefined }),
    named: fc.dictionary(fc.constantFrom(...ATTRIBUTES.split(" ")), value, { maxKeys: 4 }),
  })
  .map(({ xmlns, named }) => ({ ...named, xmlns }));

const { node } = fc.letrec<{ node: Node }>((tie) => ({
  node: fc
    .record({
      name: fc.constantFrom(...NAMES.split(" ")),
      attrs,
      children: fc.array(fc.oneof({ depthSize: "small", maxDepth: 4 }, value, tie("node")), {
        maxLength: 4,
      }),
    })
    .map(({ name, attrs: given, children }) => el(name, given, ...children)),
}));

/** Any stanza at all, of words that the readers know, put together as no server would. */
export const anyStanza: fc.Arbitrary<Element> = node.map((it) => stanza(serialise(it)));

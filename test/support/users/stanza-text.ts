import { StanzaSplitter } from "./stanza-splitter.ts";

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};
const NAMED: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
};

/** Text as it may stand in an element or an attribute. */
export function escapeXml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ESCAPES[character] ?? character);
}

/** Text as it was before `escapeXml()`, numeric references included. Unknown ones stay as they are. */
export function unescapeXml(text: string): string {
  return text.replaceAll(/&(#x?)?(\w+);/g, (whole, numeric: string | undefined, name: string) => {
    if (numeric === undefined) return NAMED[name] ?? whole;
    return String.fromCodePoint(Number.parseInt(name, numeric === "#x" ? 16 : 10));
  });
}

/** The value of an attribute of the element's own tag; undefined when it has none. */
export function attribute(element: string, name: string): string | undefined {
  const value = new RegExp(`^<[^>]*?\\s${name}=(?:'([^']*)'|"([^"]*)")`).exec(element);
  const text = value?.[1] ?? value?.[2];
  return text === undefined ? undefined : unescapeXml(text);
}

/** The direct child elements called `name`, as they were written. */
export function children(element: string, name: string): string[] {
  return new StanzaSplitter().push(element).filter((child) => nameOf(child) === name);
}

/** The element's name as it was written, prefix included. */
export function nameOf(element: string): string {
  return /^<([^\s/>]+)/.exec(element)?.[1] ?? "";
}

/** The text of the first direct child called `name`; undefined when there is none. */
export function childText(element: string, name: string): string | undefined {
  const [child] = children(element, name);
  if (child === undefined) return undefined;
  const inner = /^<[^>]*>([^]*)<\/[^>]*>$/.exec(child)?.[1] ?? "";
  return unescapeXml(inner);
}

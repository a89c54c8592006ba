import { xmlSafe } from "../../text/clean.ts";
import type { Node } from "./xml.ts";

const SPECIAL = /[&<>"']/;

/**
 * Writes an element as XML. The one way out of the program: every text and attribute has what XML 1.0
 * forbids taken out and what it reserves escaped here, so that no value can end a stream.
 */
export function serialise({ name, attrs, children }: Node): string {
  let text = `<${name}`;
  for (const [key, value] of Object.entries(attrs)) {
    if (value !== undefined) text += ` ${key}="${escape(value)}"`;
  }
  if (children.length === 0) return `${text}/>`;
  text += ">";
  for (const child of children)
    text += typeof child === "string" ? escape(child) : serialise(child);
  return `${text}</${name}>`;
}

function escape(value: string): string {
  const safe = xmlSafe(value);
  if (!SPECIAL.test(safe)) return safe;
  return safe
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&apos;");
}

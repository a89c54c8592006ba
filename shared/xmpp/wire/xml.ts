/** An XML element that came in. The library's elements have this shape; nothing above the edge knows more. */
export interface Element {
  readonly name: string;
  readonly attrs: Readonly<Record<string, string | undefined>>;
  is(name: string, xmlns?: string): boolean;
  getNS(): string | undefined;
  getChild(name: string, xmlns?: string): Element | undefined;
  getChildren(name: string, xmlns?: string): readonly Element[];
  getChildElements(): readonly Element[];
  getChildText(name: string, xmlns?: string): string | null;
  text(): string;
}

/** An XML element on its way out: plain data, made safe and turned into text by the edge. */
export interface Node {
  readonly name: string;
  readonly attrs: Readonly<Record<string, string | undefined>>;
  readonly children: readonly (Node | string)[];
}

/** Writes `<name attrs>children</name>`. An attribute that is `undefined` is left out. */
export function el(
  name: string,
  attrs: Readonly<Record<string, string | undefined>> = {},
  ...children: readonly (Node | string)[]
): Node {
  return { name, attrs, children };
}

/** Who says numbers: somebody on the site, in the room, in the channel. */
export type Tag = "p" | "x" | "i";

/** A number, by whom it was said first. */
export interface Numbered {
  readonly tag: Tag;
  readonly number: number;
}

const WORDS = { p: "said on the site", x: "said in the room", i: "said in the channel" } as const;

/** What somebody says who says a number; announce.php says the same. */
export function formatNumber({ tag, number }: Numbered): string {
  return `#${tag}.${number}; ${WORDS[tag]}`;
}

/** The number in a text, wherever it stands; undefined when there is none. */
export function readNumber(text: string): Numbered | undefined {
  const [, tag, digits] = /#([pxi])\.(\d+);/.exec(text) ?? [];
  if (tag !== "p" && tag !== "x" && tag !== "i") return undefined;
  return { tag, number: Number(digits) };
}

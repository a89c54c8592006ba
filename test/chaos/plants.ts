import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** A bug that is put into a copy of the compiled program, to see whether the suite finds it. */
interface Plant {
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly right: string;
  readonly wrong: string;
}

const plants = {
  /** What was said counts as heard. */
  "settle-early": {
    file: "shared/outbox/drain.js",
    right: "() => outbox.said(entry)",
    wrong: '() => outbox.settle(entry, "delivered")',
  },
  /** What was missed counts as told before it is told. */
  "cursor-early": {
    file: "shared/xmpp/wire/missed.js",
    right: "const heard = place?.index ?? -1;",
    wrong: "const heard = speeches.length - 1;",
  },
  /** Whoever has a nick like ours is taken for ourselves. */
  "echo-by-nick": {
    file: "shared/xmpp/room.js",
    right: "return this.#mayBeOurs(speech.nick) && this.#delivery.isDoubtful(speech);",
    wrong: "return this.#mayBeOurs(speech.nick);",
  },
} as const satisfies Readonly<Record<string, Plant>>;

export type PlantName = keyof typeof plants;

/** The names of all bugs that can be planted. */
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of the list above, and no others
export const plantNames = Object.keys(plants) as readonly PlantName[];

/** Puts the bug into the compiled program; rejects when the program has changed so that it does not fit. */
export async function plant(name: PlantName, program: string): Promise<void> {
  const { file, right, wrong } = plants[name];
  const path = join(program, file);
  const pieces = (await readFile(path, "utf8")).split(right);
  if (pieces.length !== 2) {
    throw new Error(`Cannot plant ${name}: ${file} has ${pieces.length - 1} times ${right}`);
  }
  await writeFile(path, pieces.join(wrong));
}

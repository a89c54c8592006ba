export type Labels = Readonly<Record<string, string>>;

export interface Count {
  readonly name: string;
  readonly labels: Labels;
  readonly value: number;
}

/** What comes from the far side, such as the code of a refusal, must not make counts without end. */
const MOST_OF_A_NAME = 100;

/**
 * Counts what happens, by name and labels. Names come from the code. Label values should come from
 * closed sets (reasons, directions); of each name there are a hundred counts with different labels, and
 * whatever comes after is counted with `other` in every label.
 */
export class Counters {
  readonly #counts = new Map<string, { name: string; labels: Labels; value: number }>();
  readonly #sizes = new Map<string, number>();

  add(name: string, labels: Labels = {}, by = 1): void {
    const count = this.#counts.get(keyOf(name, labels)) ?? this.#open(name, labels);
    count.value += by;
  }

  /** The value of one count; 0 when it never happened. */
  value(name: string, labels: Labels = {}): number {
    return this.#counts.get(keyOf(name, labels))?.value ?? 0;
  }

  all(): readonly Count[] {
    return [...this.#counts.values()];
  }

  #open(name: string, wanted: Labels): { value: number } {
    const size = this.#sizes.get(name) ?? 0;
    const labels = size < MOST_OF_A_NAME ? wanted : others(wanted);
    const key = keyOf(name, labels);
    const known = this.#counts.get(key);
    if (known !== undefined) return known;
    const opened = { name, labels, value: 0 };
    this.#counts.set(key, opened);
    this.#sizes.set(name, size + 1);
    return opened;
  }
}

function others(labels: Labels): Labels {
  return Object.fromEntries(Object.keys(labels).map((label) => [label, "other"]));
}

function keyOf(name: string, labels: Labels): string {
  let key = name;
  for (const label of Object.keys(labels)) key += `\n${labels[label]}`;
  return key;
}

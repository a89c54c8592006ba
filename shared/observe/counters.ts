export type Labels = Readonly<Record<string, string>>;

export interface Count {
  readonly name: string;
  readonly labels: Labels;
  readonly value: number;
}

/**
 * Counts what happens, by name and labels. Label values come from closed sets (reasons, directions),
 * never from the outside, so that the number of counts stays bounded.
 */
export class Counters {
  readonly #counts = new Map<string, { name: string; labels: Labels; value: number }>();

  add(name: string, labels: Labels = {}, by = 1): void {
    const key = keyOf(name, labels);
    const count = this.#counts.get(key);
    if (count === undefined) this.#counts.set(key, { name, labels, value: by });
    else count.value += by;
  }

  /** The value of one count; 0 when it never happened. */
  value(name: string, labels: Labels = {}): number {
    return this.#counts.get(keyOf(name, labels))?.value ?? 0;
  }

  all(): readonly Count[] {
    return [...this.#counts.values()];
  }
}

function keyOf(name: string, labels: Labels): string {
  let key = name;
  for (const label of Object.keys(labels)) key += `\n${labels[label]}`;
  return key;
}

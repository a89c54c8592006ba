import { createWriteStream, type WriteStream } from "node:fs";

/** Something that happened in a run. */
export interface Happening {
  /** In milliseconds since 1970. */
  readonly at: number;
  readonly who: string;
  readonly what: string;
}

/** Everything that happened, in order, by one clock: what the suite did and what the program wrote. */
export class Chronicle {
  readonly #happenings: Happening[] = [];
  readonly #file: WriteStream;

  constructor(path: string) {
    this.#file = createWriteStream(path);
  }

  add(who: string, what: string): void {
    const happening = { at: Date.now(), who, what };
    this.#happenings.push(happening);
    this.#file.write(`${formatHappening(happening)}\n`);
  }

  /** What happened between two moments. */
  between(since: number, until: number): readonly Happening[] {
    return this.#happenings.filter(({ at }) => at >= since && at <= until);
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#file.end(resolve));
  }
}

/** As one line, with the time of day in UTC. */
export function formatHappening({ at, who, what }: Happening): string {
  return `${timeOfDay(at)} ${who}: ${what}`;
}

/** The time of day in UTC, such as `23:59:59.999`. */
export function timeOfDay(at: number): string {
  return new Date(at).toISOString().slice(11, 23);
}

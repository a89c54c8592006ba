import type Database from "better-sqlite3";
import type { Clock } from "../clock.ts";
import type { KeptFate } from "./trail.ts";

/** How much of the past is kept. */
export interface TrailBounds {
  /** In milliseconds. */
  readonly keepFor: number;
  /** In characters of its JSON. */
  readonly maxBytes: number;
}

/** No piece is larger, so that a search is never long at one. */
const MOST_IN_PIECE = 200;

/** How many pieces come between two looks at what is too old or too much. */
const PIECES_BETWEEN = 256;

/** Nor is more time between them, in milliseconds. */
const LONGEST_BETWEEN = 3_600_000;

/** So many pieces are deleted at once, at most: more than come between two looks. */
const MOST_AT_ONCE = 1_000;

/** The fates in the database: those of one turn of the event loop are one piece of JSON. */
export class TrailTable {
  readonly #bounds: TrailBounds;
  readonly #clock: Pick<Clock, "now" | "wallNow">;
  /** What the wall clock showed when the monotonic one began. */
  readonly #wallAtZero: number;
  readonly #insert: Database.Statement<[at: number, fates: string]>;
  readonly #oldest: Database.Statement<[limit: number], { n: number; at: number; size: number }>;
  readonly #drop: Database.Statement<[n: number]>;
  readonly #before: Database.Statement<[n: number], Piece>;
  #size: number;
  #pieces = 0;
  #cutAt = Number.NEGATIVE_INFINITY;

  constructor(
    database: Database.Database,
    bounds: TrailBounds,
    clock: Pick<Clock, "now" | "wallNow">,
  ) {
    this.#bounds = bounds;
    this.#clock = clock;
    this.#wallAtZero = clock.wallNow() - clock.now();
    this.#insert = database.prepare("INSERT INTO trail (at, fates) VALUES (?, ?)");
    this.#oldest = database.prepare(
      "SELECT n, at, length(fates) size FROM trail ORDER BY n LIMIT ?",
    );
    this.#drop = database.prepare("DELETE FROM trail WHERE n <= ?");
    this.#before = database.prepare(
      "SELECT n, fates FROM trail WHERE n < ? ORDER BY n DESC LIMIT 1",
    );
    const size = database.prepare<[], number>("SELECT total(length(fates)) FROM trail");
    this.#size = size.pluck().get() ?? 0;
  }

  /** Within a transaction; returns what to call when that is committed. */
  write(fates: readonly KeptFate[]): () => void {
    const now = this.#clock.now();
    const sizes: number[] = [];
    for (let from = 0; from < fates.length; from += MOST_IN_PIECE) {
      const text = JSON.stringify(fates.slice(from, from + MOST_IN_PIECE).map(asTuple));
      this.#insert.run(this.#clock.wallNow(), text);
      sizes.push(text.length);
    }
    const cut = sizes.length > 0 && this.#isTimeToCut(now) ? this.#cut() : undefined;
    return () => {
      for (const size of sizes) this.#size += size;
      this.#pieces += sizes.length;
      if (cut === undefined) return;
      this.#size -= cut;
      this.#pieces = 0;
      this.#cutAt = now;
    };
  }

  /** The fates as they are now, in pieces. */
  newestFirst(): Iterable<readonly KeptFate[]> {
    return this.#downFrom(this.#before.get(Number.MAX_SAFE_INTEGER));
  }

  *#downFrom(piece: Piece | undefined): Generator<readonly KeptFate[]> {
    while (piece !== undefined) {
      // Written above, as JSON of just this.
      const tuples: readonly Tuple[] = JSON.parse(piece.fates);
      yield tuples.map(fromTuple);
      piece = this.#before.get(piece.n);
    }
  }

  #isTimeToCut(now: number): boolean {
    return this.#pieces >= PIECES_BETWEEN || now - this.#cutAt > LONGEST_BETWEEN;
  }

  /** Deletes what is too old or too much, and returns how much that was. */
  #cut(): number {
    const { keepFor, maxBytes } = this.#bounds;
    // Whoever sets the clock forward makes nothing older than this run has made it.
    const steady = this.#wallAtZero + this.#clock.now();
    const now = Math.min(steady, this.#clock.wallNow());
    let size = 0;
    let last = 0;
    for (const oldest of this.#oldest.iterate(MOST_AT_ONCE)) {
      if (oldest.at >= now - keepFor && this.#size - size <= maxBytes) break;
      size += oldest.size;
      last = oldest.n;
    }
    if (last > 0) this.#drop.run(last);
    return size;
  }
}

interface Piece {
  readonly n: number;
  readonly fates: string;
}

/** A fate in the JSON of a piece. */
type Tuple = readonly [
  queue: string,
  id: string,
  nick: string | null,
  takenAt: number,
  at: number,
  code: string,
  fingerprint: string,
  text?: string,
];

function asTuple(fate: KeptFate): Tuple {
  const { queue, id, nick = null, takenAt, at, code, fingerprint, text } = fate;
  const short = [queue, id, nick, takenAt, at, code, fingerprint] as const;
  return text === undefined ? short : [...short, text];
}

function fromTuple(tuple: Tuple): KeptFate {
  const [queue, id, nick, takenAt, at, code, fingerprint, text] = tuple;
  return { queue, id, nick: nick ?? undefined, takenAt, at, code, fingerprint, text };
}

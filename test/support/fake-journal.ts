import type { Fate, Journal, KeptRow, Row } from "../../shared/outbox/journal.ts";

/** What a journal has on its disk. */
interface Disk {
  readonly seq: number;
  readonly rows: ReadonlyMap<number, KeptRow>;
  readonly notes: ReadonlyMap<string, string>;
  readonly remembered: ReadonlySet<string>;
  readonly fates: readonly Fate[];
}

const EMPTY: Disk = {
  seq: 0,
  rows: new Map(),
  notes: new Map(),
  remembered: new Set(),
  fates: [],
};

/**
 * A journal that writes when the test says so: `flush()` is what a `kill -9` leaves, `sync()` what a
 * power cut does, and `restart()` the journal of the next run.
 */
export class FakeJournal implements Journal {
  #disk: Disk;
  #seq: number;
  readonly #rows: Map<number, KeptRow>;
  readonly #notes: Map<string, string>;
  readonly #remembered: Set<string>;
  readonly #fates: Fate[];
  #unsafe: (() => void)[] = [];

  constructor(disk = EMPTY) {
    this.#disk = disk;
    this.#seq = disk.seq;
    this.#rows = new Map(disk.rows);
    this.#notes = new Map(disk.notes);
    this.#remembered = new Set(disk.remembered);
    this.#fates = [...disk.fates];
  }

  /** The rows that are not settled, as they were flushed. */
  get rows(): readonly KeptRow[] {
    return [...this.#disk.rows.values()];
  }

  /** The fates that were recorded, as they were flushed. */
  get fates(): readonly Fate[] {
    return this.#disk.fates;
  }

  nextSeq(): number {
    this.#seq += 1;
    return this.#seq;
  }

  append(row: Row, safe?: () => void): void {
    this.#rows.set(row.seq, { ...row, wasSaid: false });
    if (safe !== undefined) this.#unsafe.push(safe);
  }

  said(_queue: string, seq: number): void {
    this.#mark(seq, true);
  }

  unsaid(_queue: string, seq: number): void {
    this.#mark(seq, false);
  }

  settle(queue: string, seq: number, front: number): void {
    for (const row of this.#rows.values()) {
      if (row.queue === queue && (row.seq === seq || row.seq < front)) this.#rows.delete(row.seq);
    }
  }

  load(queue: string): readonly KeptRow[] {
    return [...this.#rows.values()].filter((row) => row.queue === queue);
  }

  remember(queue: string, id: string): void {
    this.#remembered.add(`${queue} ${id}`);
  }

  remembers(queue: string, id: string): boolean {
    return this.#remembered.has(`${queue} ${id}`);
  }

  record(fate: Fate): void {
    this.#fates.push(fate);
  }

  note(name: string): string | undefined {
    return this.#notes.get(name);
  }

  setNote(name: string, value: string | undefined): void {
    if (value === undefined) this.#notes.delete(name);
    else this.#notes.set(name, value);
  }

  flush(): void {
    this.#disk = {
      seq: this.#seq,
      rows: new Map(this.#rows),
      notes: new Map(this.#notes),
      remembered: new Set(this.#remembered),
      fates: [...this.#fates],
    };
  }

  /** Waits for the disk. */
  sync(): void {
    this.flush();
    for (const safe of this.#unsafe.splice(0)) safe();
  }

  /** What the next run opens after a crash. */
  restart(): FakeJournal {
    return new FakeJournal(this.#disk);
  }

  #mark(seq: number, wasSaid: boolean): void {
    const row = this.#rows.get(seq);
    if (row === undefined) throw new Error(`Cannot mark row ${seq}: there is none`);
    this.#rows.set(seq, { ...row, wasSaid });
  }
}

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock as clock } from "../shared/clock.ts";
import type { Fate, Row } from "../shared/outbox/journal.ts";
import type { OpenJournal } from "../shared/outbox/memory-journal.ts";
import { openSqliteJournal } from "../shared/outbox/sqlite-outbox.ts";
import { silentLog } from "../test/support/silent-log.ts";
import { product } from "./candidates.ts";
import { numbered } from "./numbered.ts";
import { formatReport } from "./report.ts";
import type { Figure } from "./result.ts";
import { median, quantile } from "./statistics.ts";

const TURNS = 300;
/** The first of them find code that was not compiled yet. */
const UNCOUNTED = 50;
const PAUSE_MS = 10;

/** Prints what the outbox costs for each turn of the event loop in which something was taken. */
export async function measureOutboxCost(): Promise<number> {
  const figures = [...(await measureTurns(1)), ...(await measureTurns(200))];
  const result = { round: 1, candidate: product, figures, faults: [] };
  process.stdout.write(`${formatReport([result], [product])}\n`);
  return 0;
}

interface Turn {
  readonly writeMs: number;
  readonly safeMs: number;
  readonly settleMs: number;
}

async function measureTurns(count: number): Promise<readonly Figure[]> {
  const directory = await mkdtemp(join(tmpdir(), "saxbridge-bench-"));
  const journal = openSqliteJournal(join(directory, "outbox.sqlite"), silentLog);
  const turns: Turn[] = [];
  for (let turn = 0; turn < TURNS; turn += 1) {
    turns.push(await measureTurn(journal, count));
    await clock.sleep(PAUSE_MS);
  }
  journal.close();
  await rm(directory, { recursive: true });
  const counted = turns.slice(UNCOUNTED);
  const what = count === 1 ? "1 message" : `${count} messages`;
  return [
    ...spread(
      `to write ${what}`,
      counted.map(({ writeMs }) => writeMs),
    ),
    ...spread(
      `until ${what} survive a power cut, in a thread`,
      counted.map(({ safeMs }) => safeMs),
    ),
    ...spread(
      `to write what became of ${what}`,
      counted.map(({ settleMs }) => settleMs),
    ),
  ];
}

/** So many messages are taken in one turn of the event loop, and settled in another. */
async function measureTurn(journal: OpenJournal, count: number): Promise<Turn> {
  const seqs = Array.from({ length: count }, () => journal.nextSeq());
  const isSafe = new Promise<void>((resolve) => {
    for (const row of seqs.map(rowOf)) journal.append(row, resolve);
  });
  const writeMs = duration(() => journal.flush());
  const writtenAt = clock.now();
  await isSafe;
  const safeMs = clock.now() - writtenAt;
  for (const seq of seqs) {
    journal.settle(QUEUE, seq, seq + 1);
    journal.record(fateOf(seq));
  }
  return { writeMs, safeMs, settleMs: duration(() => journal.flush()) };
}

const QUEUE = "irc-relay #bench to room";

function rowOf(seq: number): Row {
  const value = JSON.stringify({ nick: "carol", text: numbered(QUEUE, seq) });
  return { seq, queue: QUEUE, id: `id-${seq}`, at: clock.wallNow(), value };
}

function fateOf(seq: number): Fate {
  const at = clock.wallNow();
  const text = numbered(QUEUE, seq);
  return { queue: QUEUE, id: `id-${seq}`, takenAt: at, at, code: "delivered", nick: "carol", text };
}

function duration(run: () => void): number {
  const startedAt = clock.now();
  run();
  return clock.now() - startedAt;
}

function spread(name: string, values: readonly number[]): readonly Figure[] {
  return [
    { table: "Outbox", name: `${name}, median`, unit: "ms", value: median(values) },
    {
      table: "Outbox",
      name: `${name}, 99th percentile`,
      unit: "ms",
      value: quantile(values, 0.99),
    },
  ];
}

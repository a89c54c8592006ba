import { Alarm } from "../alarm.ts";
import { Fence } from "./fence.ts";
import type { Proof, ProofOptions, SpokenLine } from "./proof.ts";
import { Refusals } from "./refusals.ts";
import type { Line } from "./wire/line.ts";

/** In a backlog a fence waits for this many intervals of pacing, for it takes the place of a line ... */
const SPACING_INTERVALS = 6;
/** ... and never follows the last one within this many milliseconds. */
const SPACING_MS = 500;

/** Two fences never follow each other closer than this, in milliseconds: lines said meanwhile share one. */
const REST_MS = 10;

/** Proof by fences, which every server gives: what was written before a PING is read before its PONG. */
export class FenceProof implements Proof {
  readonly #options: ProofOptions;
  readonly #spacingMs: number;
  readonly #fence: Fence;
  readonly #refusals: Refusals;
  readonly #alarm: Alarm;
  /** Written and not proved, oldest first. */
  #unproved: SpokenLine[] = [];
  /** How many of them the fence that is underway proves. */
  #covered = 0;
  #isPlanned = false;
  #hasMore = false;
  #isOver = false;

  constructor(options: ProofOptions, { intervalMs }: { readonly intervalMs: number }) {
    const { session, clock } = options;
    this.#options = options;
    this.#spacingMs = Math.max(SPACING_MS, SPACING_INTERVALS * intervalMs);
    this.#fence = new Fence(session, clock);
    this.#refusals = new Refusals(session);
    this.#alarm = new Alarm(clock, () => this.#plan());
  }

  get owedSince(): number | undefined {
    return this.#fence.isUnderway ? this.#fence.sentAt : undefined;
  }

  write(line: SpokenLine): void {
    this.#options.session.send(line.command, line.target, line.text);
    this.#unproved.push(line);
  }

  rest(more: boolean): void {
    this.#hasMore = more;
    this.#plan();
  }

  hear(line: Line): void {
    if (this.#unproved.length === 0) return;
    if (this.#fence.isPassedBy(line)) this.#prove();
    else this.#refusals.note(line, this.#unproved.length);
  }

  end(): void {
    this.#isOver = true;
    this.#alarm.clear();
    this.#fence.end();
    for (const line of this.#unproved.splice(0)) line.settle("uncertain");
  }

  /** A fence goes out when this turn has said all it has to say, and now and then in a backlog. */
  #plan(): void {
    if (this.#isOver || this.#unproved.length === 0) return;
    if (this.#fence.isUnderway || this.#isPlanned) return;
    const sinceLast = this.#options.clock.now() - this.#fence.sentAt;
    if (this.#hasMore && sinceLast < this.#spacingMs) return;
    if (sinceLast < REST_MS) {
      if (!this.#alarm.isSet) this.#alarm.set(REST_MS - sinceLast);
      return;
    }
    this.#isPlanned = true;
    queueMicrotask(() => this.#send());
  }

  #send(): void {
    this.#isPlanned = false;
    if (this.#isOver) return;
    this.#covered = this.#unproved.length;
    this.#fence.send();
    this.#options.spent();
  }

  #prove(): void {
    const read = this.#unproved.splice(0, this.#covered);
    const fates = this.#refusals.judge(read);
    for (const [i, line] of read.entries()) line.settle(fates[i] ?? "delivered");
    this.#options.proved();
    this.#plan();
  }
}

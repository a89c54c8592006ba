import { Alarm } from "../alarm.ts";
import type { Clock } from "../clock.ts";
import type { Fate } from "../outbox/drain.ts";
import { FenceProof } from "./fence-proof.ts";
import { hasLabels, LabelProof } from "./label-proof.ts";
import type { Proof, SpokenLine } from "./proof.ts";
import type { IrcSession } from "./session.ts";

export interface PacedSenderOptions {
  readonly session: IrcSession;
  readonly clock: Clock;
  /** Lines that may go out at once after a silence; 1 at least. */
  readonly burst: number;
  /** Milliseconds for each line after those; 0 turns pacing off. */
  readonly intervalMs: number;
  /** Stops the writing; lines that are on their way still learn their fate. */
  readonly signal: AbortSignal;
}

export interface SayOptions {
  /** Tells that the time for the line is up, as when we were put out of the channel. */
  readonly over?: AbortSignal | undefined;
  /** Called right before the line is handed to the session: from then on it may be heard. */
  readonly written?: (() => void) | undefined;
}

/** What the server owes us for longer than this, in milliseconds, has to come before the next line. */
const HOLD_MS = 250;

/** A line that waits for its turn. */
type Waiting = SpokenLine & Pick<SayOptions, "written">;

/**
 * Says lines on one session in strict order, no faster than the server bears, and finds out what became
 * of each. How many lines wait is the caller's to limit.
 *
 * Pacing is a token bucket. Flood limits: stock servers allow about one line in two seconds after five
 * (ircd-ratbox), one to three each second (ngIRCd), one each second after ten (InspIRCd). Whatever the
 * bucket says, nothing is written while the server owes an answer for more than `HOLD_MS`: so a
 * connection that leads nowhere any more makes the fate of few lines uncertain.
 */
export class PacedSender {
  readonly #session: IrcSession;
  readonly #clock: Clock;
  readonly #intervalMs: number;
  /** How far ahead of its time a line may be written. */
  readonly #headStartMs: number;
  readonly #signal: AbortSignal;
  readonly #alarm: Alarm;
  readonly #proof: Proof;
  readonly #watched = new WeakSet<AbortSignal>();
  /** Not written yet, oldest first. */
  #queue: Waiting[] = [];
  /** When the next line would be due if each waited its turn, in monotonic milliseconds. */
  #dueAt = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor({ session, clock, burst, intervalMs, signal }: PacedSenderOptions) {
    this.#session = session;
    this.#clock = clock;
    this.#intervalMs = intervalMs;
    this.#headStartMs = (Math.max(1, burst) - 1) * intervalMs;
    this.#signal = signal;
    this.#alarm = new Alarm(clock, () => this.#pump());
    const proof = { session, clock, spent: () => this.#spend(), proved: () => this.#pump() };
    this.#proof = hasLabels(session)
      ? new LabelProof(proof)
      : new FenceProof(proof, { intervalMs });
    void this.#serve();
  }

  /**
   * Says one line, behind all that were said before. Settles with its fate, and never rejects. An empty
   * text, which every server refuses (412), is refused here.
   */
  say(
    command: "PRIVMSG" | "NOTICE",
    target: string,
    text: string,
    { over, written }: SayOptions = {},
  ): Promise<Fate> {
    if (this.#closed || this.#signal.aborted || over?.aborted) return Promise.resolve("unsent");
    if (text === "") return Promise.resolve({ refused: "412" });
    if (over !== undefined) this.#watch(over);
    return new Promise((settle) => {
      this.#queue.push({ command, target, text, over, written, settle });
      this.#pump();
    });
  }

  async #serve(): Promise<void> {
    const stop = () => this.#abandon(() => true);
    this.#signal.addEventListener("abort", stop, { once: true });
    const deafen = this.#session.onLine((line) => this.#proof.hear(line));
    await this.#session.ended;
    deafen();
    this.#signal.removeEventListener("abort", stop);
    this.#closed = true;
    this.#proof.end();
    this.#abandon(() => true);
  }

  /** One listener for each signal, however many lines it ends. */
  #watch(over: AbortSignal): void {
    if (this.#watched.has(over)) return;
    this.#watched.add(over);
    over.addEventListener("abort", () => this.#abandon((line) => line.over === over), {
      once: true,
    });
  }

  #pump(): void {
    // One alarm serves the whole queue, and rings when the oldest line is due.
    if (this.#closed || this.#alarm.isSet) return;
    while (this.#queue.length > 0 && !this.#mustHold) {
      const waitMs = this.#waitMs();
      if (waitMs > 0) {
        this.#alarm.set(waitMs);
        break;
      }
      this.#write();
    }
    this.#proof.rest(this.#queue.length > 0);
  }

  get #mustHold(): boolean {
    const { owedSince } = this.#proof;
    return owedSince !== undefined && this.#clock.now() - owedSince > HOLD_MS;
  }

  #waitMs(): number {
    if (this.#intervalMs <= 0) return 0;
    return Math.ceil(this.#dueAt - this.#headStartMs - this.#clock.now());
  }

  #write(): void {
    const line = this.#queue.shift();
    if (line === undefined) return;
    line.written?.();
    this.#proof.write(line);
    this.#spend();
  }

  #spend(): void {
    this.#dueAt = Math.max(this.#dueAt, this.#clock.now()) + this.#intervalMs;
  }

  #abandon(isOver: (line: Waiting) => boolean): void {
    const queue = this.#queue;
    this.#queue = queue.filter((line) => !isOver(line));
    for (const line of queue) if (isOver(line)) line.settle("unsent");
    if (this.#queue.length === 0) this.#alarm.clear();
    if (!this.#closed) this.#proof.rest(this.#queue.length > 0);
  }
}

import { Alarm } from "../alarm.ts";
import type { Clock } from "../clock.ts";
import type { IrcSession } from "./session.ts";
import { foldCase } from "./wire/casemapping.ts";
import type { Line } from "./wire/line.ts";
import { readSpeechRefusal, type SpeechRefusal } from "./wire/speech-refusal.ts";

/**
 * What became of a line:
 * - `delivered`: the server has read it and did not object;
 * - `refused`: the server has read it and said no, with this numeric or FAIL code;
 * - `later`: the server has read it and asked to wait;
 * - `uncertain`: it was written, and the session ended before the server proved to have read it;
 * - `unsent`: nobody heard it, for it was not written in time, or refused because time was up.
 */
export type LineFate =
  | "delivered"
  | "uncertain"
  | "unsent"
  | "later"
  | { readonly refused: string };

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

/** Every fence takes the place of a line, so that in a backlog it waits for this many intervals ... */
const FENCE_SPACING_INTERVALS = 6;
/** ... and never follows the last one within this many milliseconds. */
const FENCE_SPACING_MS = 5_000;

/** Two fences never follow each other closer than this, in milliseconds: lines said meanwhile share one. */
const FENCE_REST_MS = 10;

/** A server that answers no fence for so long, in milliseconds, hears us no more, whatever it still says. */
const FENCE_PATIENCE_MS = 60_000;

interface Said {
  readonly command: "PRIVMSG" | "NOTICE";
  readonly target: string;
  readonly text: string;
  readonly over: AbortSignal | undefined;
  readonly settle: (fate: LineFate) => void;
}

/**
 * Says lines on one session in strict order, no faster than the server bears, and finds out what became
 * of each. Servers confirm no line, but they answer in order: the PONG to a PING written behind some
 * lines (a fence) proves that those were read. How many lines wait is the caller's to limit.
 *
 * Pacing is a token bucket. A fence counts as a line, as flood limits count it: stock servers allow
 * about one line in two seconds after five (ircd-ratbox), one to three each second (ngIRCd), one each
 * second after ten (InspIRCd).
 */
export class PacedSender {
  readonly #session: IrcSession;
  readonly #clock: Clock;
  readonly #intervalMs: number;
  /** How far ahead of its time a line may be written. */
  readonly #headStartMs: number;
  readonly #fenceSpacingMs: number;
  readonly #signal: AbortSignal;
  readonly #alarm: Alarm;
  readonly #fenceAlarm: Alarm;
  /** Rings now and then while fences are written, so that none of them needs an alarm of its own. */
  readonly #patience: Alarm;
  readonly #watched = new WeakSet<AbortSignal>();
  /** Not written yet, oldest first. */
  #queue: Said[] = [];
  /** Written and not proved, oldest first. */
  #unproved: Said[] = [];
  #fence: { readonly token: string; readonly covers: number } | undefined;
  #fencePlanned = false;
  #fencedAt = Number.NEGATIVE_INFINITY;
  #fences = 0;
  // A PONG can be sent on by other clients, so nobody may know what to write into it.
  readonly #secret: string;
  /** Refusals since the last proof, in order, by folded target; "" when they name none. */
  readonly #refusals = new Map<string, SpeechRefusal[]>();
  /** When the next line would be due if each waited its turn, in monotonic milliseconds. */
  #dueAt = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor({ session, clock, burst, intervalMs, signal }: PacedSenderOptions) {
    this.#session = session;
    this.#clock = clock;
    this.#intervalMs = intervalMs;
    this.#headStartMs = (Math.max(1, burst) - 1) * intervalMs;
    this.#fenceSpacingMs = Math.max(FENCE_SPACING_MS, FENCE_SPACING_INTERVALS * intervalMs);
    this.#signal = signal;
    this.#alarm = new Alarm(clock, () => this.#pump());
    this.#fenceAlarm = new Alarm(clock, () => this.#planFence());
    this.#patience = new Alarm(clock, () => this.#checkFence());
    this.#secret = [clock.random(), clock.random()].map((n) => n.toString(36).slice(2)).join("");
    void this.#serve();
  }

  /**
   * Says one line, behind all that were said before. Settles with its fate, and never rejects. `over`
   * tells that the time for it is up, as when we were put out of the channel. An empty text, which
   * every server refuses (412), is refused here.
   */
  say(
    command: "PRIVMSG" | "NOTICE",
    target: string,
    text: string,
    over?: AbortSignal,
  ): Promise<LineFate> {
    if (this.#closed || this.#signal.aborted || over?.aborted) return Promise.resolve("unsent");
    if (text === "") return Promise.resolve({ refused: "412" });
    if (over !== undefined) this.#watch(over);
    return new Promise((settle) => {
      this.#queue.push({ command, target, text, over, settle });
      this.#pump();
    });
  }

  async #serve(): Promise<void> {
    const stop = () => this.#abandon(() => true);
    this.#signal.addEventListener("abort", stop, { once: true });
    const deafen = this.#session.onLine((line) => this.#hear(line));
    await this.#session.ended;
    deafen();
    this.#signal.removeEventListener("abort", stop);
    this.#closed = true;
    this.#fenceAlarm.clear();
    this.#patience.clear();
    for (const said of this.#unproved.splice(0)) said.settle("uncertain");
    this.#abandon(() => true);
  }

  /** One listener for each signal, however many lines it ends. */
  #watch(over: AbortSignal): void {
    if (this.#watched.has(over)) return;
    this.#watched.add(over);
    over.addEventListener("abort", () => this.#abandon((said) => said.over === over), {
      once: true,
    });
  }

  #pump(): void {
    // One alarm serves the whole queue, and rings when the oldest line is due.
    if (this.#closed || this.#alarm.isSet) return;
    while (this.#queue.length > 0) {
      const waitMs = this.#waitMs();
      if (waitMs > 0) {
        this.#alarm.set(waitMs);
        break;
      }
      this.#write();
    }
    this.#planFence();
  }

  #waitMs(): number {
    if (this.#intervalMs <= 0) return 0;
    return Math.ceil(this.#dueAt - this.#headStartMs - this.#clock.now());
  }

  #write(): void {
    const said = this.#queue.shift();
    if (said === undefined) return;
    this.#session.send(said.command, said.target, said.text);
    this.#unproved.push(said);
    this.#spend();
  }

  #spend(): void {
    this.#dueAt = Math.max(this.#dueAt, this.#clock.now()) + this.#intervalMs;
  }

  /** A fence goes out when this turn has said all it has to say, and now and then in a backlog. */
  #planFence(): void {
    if (this.#closed || this.#unproved.length === 0) return;
    if (this.#fence !== undefined || this.#fencePlanned) return;
    const sinceLast = this.#clock.now() - this.#fencedAt;
    if (this.#queue.length > 0 && sinceLast < this.#fenceSpacingMs) return;
    if (sinceLast < FENCE_REST_MS) {
      if (!this.#fenceAlarm.isSet) this.#fenceAlarm.set(FENCE_REST_MS - sinceLast);
      return;
    }
    this.#fencePlanned = true;
    queueMicrotask(() => this.#sendFence());
  }

  #sendFence(): void {
    this.#fencePlanned = false;
    if (this.#closed) return;
    this.#fences += 1;
    const token = `${this.#secret}${this.#fences}`;
    this.#fence = { token, covers: this.#unproved.length };
    this.#fencedAt = this.#clock.now();
    this.#session.send("PING", token);
    this.#spend();
    if (!this.#patience.isSet) this.#patience.set(FENCE_PATIENCE_MS);
  }

  /** Behind a fence that is never answered all lines would wait for ever. */
  #checkFence(): void {
    if (this.#fence === undefined) return;
    const leftMs = this.#fencedAt + FENCE_PATIENCE_MS - this.#clock.now();
    if (leftMs > 0) this.#patience.set(leftMs);
    else this.#session.abandon(`no PONG within ${FENCE_PATIENCE_MS} ms`);
  }

  #hear(line: Line): void {
    if (this.#unproved.length === 0) return;
    if (line.command === "PONG") {
      if (this.#fence !== undefined && line.params.at(-1) === this.#fence.token) {
        this.#prove(this.#fence.covers);
      }
      return;
    }
    const refusal = readSpeechRefusal(line);
    if (refusal !== undefined) this.#noteRefusal(refusal);
  }

  // Refusals come before the PONG of the fence behind their lines, so those that came since the last
  // proof belong to lines that the next one covers.
  #noteRefusal(refusal: SpeechRefusal): void {
    const name = this.#fold(refusal.target ?? "");
    const known = this.#refusals.get(name);
    if (known === undefined && this.#refusals.size < this.#unproved.length) {
      this.#refusals.set(name, [refusal]);
    } else if (known !== undefined && known.length < this.#unproved.length) {
      known.push(refusal);
    }
  }

  #prove(covers: number): void {
    this.#fence = undefined;
    const read = this.#unproved.splice(0, covers);
    const fates = this.#refusals.size === 0 ? [] : this.#judge(read);
    this.#refusals.clear();
    for (const [i, said] of read.entries()) said.settle(fates[i] ?? "delivered");
    this.#planFence();
  }

  /**
   * A refusal names its target, not its line. When there are fewer than lines, the newest lines are
   * taken for the refused: a kick, a ban or a +m sets in while we speak more often than it is lifted.
   */
  #judge(read: readonly Said[]): LineFate[] {
    const newestFirst = read.toReversed().map(({ target, over }): LineFate => {
      const refusal =
        this.#refusals.get(this.#fold(target))?.pop() ?? this.#refusals.get("")?.pop();
      if (refusal === undefined) return "delivered";
      if (over?.aborted) return "unsent";
      return refusal.isTemporary ? "later" : { refused: refusal.code };
    });
    return newestFirst.toReversed();
  }

  #fold(name: string): string {
    return foldCase(name, this.#session.isupport.casemapping);
  }

  #abandon(isOver: (said: Said) => boolean): void {
    const queue = this.#queue;
    this.#queue = queue.filter((said) => !isOver(said));
    for (const said of queue) if (isOver(said)) said.settle("unsent");
    if (this.#queue.length === 0) this.#alarm.clear();
    this.#planFence();
  }
}

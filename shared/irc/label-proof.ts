import { Alarm } from "../alarm.ts";
import type { Fate } from "../outbox/drain.ts";
import { Fence } from "./fence.ts";
import { fateOfRefused, type Proof, type ProofOptions, type SpokenLine } from "./proof.ts";
import { Refusals } from "./refusals.ts";
import type { IrcSession } from "./session.ts";
import {
  followResponses,
  NO_RESPONSES,
  type OpenResponses,
  type Response,
} from "./wire/labelled-responses.ts";
import type { Line } from "./wire/line.ts";
import { confirmingCapabilities } from "./wire/registration.ts";

/** A line without an answer for so long, in milliseconds, gets a fence: some answers have no label. */
const PATIENCE_MS = 1_000;

/** Whether the server tells what became of each line: it echoes our own, and answers with our labels. */
export function hasLabels({ capabilities }: IrcSession): boolean {
  return confirmingCapabilities.every((name) => capabilities.has(name));
}

interface Labelled {
  readonly line: SpokenLine;
  readonly number: number;
  readonly writtenAt: number;
}

/**
 * Proof by labels (IRCv3 labeled-response, echo-message): the server echoes each line with its label, or
 * refuses it with its label. It costs no line beside. What gets no answer with its label is proved by a
 * fence.
 */
export class LabelProof implements Proof {
  readonly #options: ProofOptions;
  readonly #fence: Fence;
  readonly #refusals: Refusals;
  readonly #isMe: (nick: string) => boolean;
  readonly #alarm: Alarm;
  /** Written and not proved, by label, oldest first. */
  readonly #unproved = new Map<string, Labelled>();
  #responses: OpenResponses = NO_RESPONSES;
  #written = 0;
  /** The last line that the fence underway proves. */
  #covered = 0;
  /** An echo has come with its label: then one that does not come says that nobody heard the line. */
  #hasEchoed = false;

  constructor(options: ProofOptions) {
    const { session, clock } = options;
    this.#options = options;
    this.#fence = new Fence(session, clock);
    this.#refusals = new Refusals(session);
    this.#isMe = (nick) => session.isMe(nick);
    this.#alarm = new Alarm(clock, () => this.#check());
  }

  get owedSince(): number | undefined {
    return this.#oldest?.writtenAt;
  }

  write(line: SpokenLine): void {
    const { session, clock } = this.#options;
    const { command, target, text } = line;
    this.#written += 1;
    const label = this.#written.toString(36);
    this.#unproved.set(label, { line, number: this.#written, writtenAt: clock.now() });
    // The server may withdraw a capability at any time (IRCv3 cap-notify).
    if (hasLabels(session)) session.sendLabelled(label, command, target, text);
    else session.send(command, target, text);
    if (!this.#alarm.isSet) this.#alarm.set(PATIENCE_MS);
  }

  rest(): void {}

  hear(line: Line): void {
    if (this.#unproved.size === 0) return;
    if (this.#fence.isPassedBy(line)) return this.#pass();
    const [responses, response] = followResponses(this.#responses, line, this.#isMe);
    this.#responses = responses;
    if (response !== undefined) this.#prove(response);
    else if (line.tags?.["label"] === undefined) this.#refusals.note(line, this.#unproved.size);
  }

  end(): void {
    this.#alarm.clear();
    this.#fence.end();
    for (const { line } of this.#unproved.values()) line.settle("uncertain");
    this.#unproved.clear();
  }

  get #oldest(): Labelled | undefined {
    return this.#unproved.values().next().value;
  }

  #prove({ label, isEchoed, refusal }: Response): void {
    const line = this.#unproved.get(label)?.line;
    if (line === undefined) return;
    this.#unproved.delete(label);
    this.#hasEchoed ||= isEchoed;
    if (isEchoed) line.settle("delivered");
    else if (refusal !== undefined) line.settle(fateOfRefused(line, refusal));
    else line.settle(this.#fateWithoutEcho);
    this.#options.proved();
  }

  /** The server has read these lines, and its answers had no label if there were any. */
  #pass(): void {
    const read = [...this.#unproved].filter(([, { number }]) => number <= this.#covered);
    const fates = this.#refusals.judge(read.map(([, { line }]) => line));
    for (const [i, [label, { line }]] of read.entries()) {
      const fate = fates[i] ?? "delivered";
      this.#unproved.delete(label);
      line.settle(fate === "delivered" ? this.#fateWithoutEcho : fate);
    }
    this.#options.proved();
    this.#check();
  }

  get #fateWithoutEcho(): Fate {
    const isSwallowed = this.#hasEchoed && hasLabels(this.#options.session);
    return isSwallowed ? { refused: "no echo" } : "delivered";
  }

  #check(): void {
    const oldest = this.#oldest;
    if (oldest === undefined || this.#fence.isUnderway) return;
    const leftMs = oldest.writtenAt + PATIENCE_MS - this.#options.clock.now();
    if (leftMs > 0) return this.#alarm.set(leftMs);
    this.#covered = this.#written;
    this.#fence.send();
    this.#options.spent();
  }
}

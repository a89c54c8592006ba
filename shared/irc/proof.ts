import type { Clock } from "../clock.ts";
import type { Fate } from "../outbox/drain.ts";
import type { IrcSession } from "./session.ts";
import type { Line } from "./wire/line.ts";
import type { SpeechRefusal } from "./wire/speech-refusal.ts";

/** A line for people, from the moment it is asked for until its fate is known. */
export interface SpokenLine {
  readonly command: "PRIVMSG" | "NOTICE";
  readonly target: string;
  readonly text: string;
  /** Tells that the time for it is up, as when we were put out of the channel. */
  readonly over: AbortSignal | undefined;
  /**
   * Here `delivered` means that the server has read the line and did not object, and `refused` gives the
   * numeric or FAIL code, or `no echo` of one that it swallowed without a word. What was refused because
   * time was up is `unsent`.
   */
  readonly settle: (fate: Fate) => void;
}

/** How it is found out what became of the lines of one session. */
export interface Proof {
  /** Writes the line, and settles it when the server has shown what became of it. */
  write(line: SpokenLine): void;
  /** All lines that may be written by now were; `more` when others wait for their turn. */
  rest(more: boolean): void;
  /** Since when the server owes an answer, in monotonic milliseconds; undefined while it owes none. */
  readonly owedSince: number | undefined;
  hear(line: Line): void;
  /** The session is over: what was written and not proved is uncertain. */
  end(): void;
}

export interface ProofOptions {
  readonly session: IrcSession;
  readonly clock: Clock;
  /** A line that proves others was written: flood limits count it like them. */
  readonly spent: () => void;
  /** Something was proved: the server may owe us nothing any more. */
  readonly proved: () => void;
}

/** The fate of a line that the server refused. */
export function fateOfRefused({ over }: SpokenLine, refusal: SpeechRefusal): Fate {
  if (over?.aborted) return "unsent";
  return refusal.isTemporary ? "later" : { refused: refusal.code };
}

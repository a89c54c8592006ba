import type { Line } from "./line.ts";
import { nickOf } from "./source.ts";
import { readLabelledRefusal, type SpeechRefusal } from "./speech-refusal.ts";

/** All that a server answers to one labelled PRIVMSG or NOTICE. */
export interface Response {
  readonly label: string;
  /** The line came back: everybody who should hear it does. */
  readonly isEchoed: boolean;
  readonly refusal: SpeechRefusal | undefined;
}

/** Responses of more than one line that are not complete yet, by the reference of their batch. */
export type OpenResponses = ReadonlyMap<string, Response>;

export const NO_RESPONSES: OpenResponses = new Map();

/** No server has as many open at once, unless it never closes them. */
const MOST_OPEN = 100;

/**
 * The responses that are open after the line, and the one that it completes (IRCv3 labeled-response):
 * a line with a label is a whole response, ACK is an empty one, and a batch with a label is one of
 * several lines. Never throws.
 */
export function followResponses(
  open: OpenResponses,
  line: Line,
  isMe: (nick: string) => boolean,
): readonly [OpenResponses, Response?] {
  const { label, batch } = line.tags ?? {};
  if (line.command === "BATCH") return followBatch(open, line, label);
  if (label !== undefined) return [open, withLine(empty(label), line, isMe)];
  const known = batch === undefined ? undefined : open.get(batch);
  if (batch === undefined || known === undefined) return [open];
  return [new Map(open).set(batch, withLine(known, line, isMe))];
}

function followBatch(
  open: OpenResponses,
  { params: [mark = ""] }: Line,
  label: string | undefined,
): readonly [OpenResponses, Response?] {
  const reference = mark.slice(1);
  if (mark.startsWith("+") && label !== undefined) {
    return [new Map([...open, [reference, empty(label)] as const].slice(-MOST_OPEN))];
  }
  const complete = mark.startsWith("-") ? open.get(reference) : undefined;
  if (complete === undefined) return [open];
  return [new Map([...open].filter(([other]) => other !== reference)), complete];
}

function empty(label: string): Response {
  return { label, isEchoed: false, refusal: undefined };
}

function withLine(response: Response, line: Line, isMe: (nick: string) => boolean): Response {
  const { command, source } = line;
  const isSpeech = command === "PRIVMSG" || command === "NOTICE";
  if (isSpeech && isMe(nickOf(source))) return { ...response, isEchoed: true };
  return { ...response, refusal: readLabelledRefusal(line) ?? response.refusal };
}

import type { Reading } from "../../message.ts";
import { sameName } from "./casemapping.ts";
import { readCtcp } from "./ctcp.ts";
import type { Isupport } from "./isupport.ts";
import type { Line, Tags } from "./line.ts";
import { parseSource } from "./source.ts";

/** What somebody said in a channel, as it came: formatting codes and all. */
export interface IrcSpeech {
  readonly kind: "message" | "action" | "notice";
  readonly nick: string;
  /** `nick!user@host`, as the server gave it. */
  readonly source: string;
  readonly text: string;
  /** The channel as the line spells it. */
  readonly target: string;
  readonly tags: Tags;
}

/** Why a line is nothing that was said in the channel just now. */
export type SpeechIgnored =
  /** No PRIVMSG or NOTICE. */
  | "not-speech"
  /** To us alone, or to another channel. */
  | "elsewhere"
  /** To some members by rank only (STATUSMSG, such as `@#channel`): not for everybody's ears. */
  | "ops-only"
  /** Our own words: echo-message, a bouncer's self-message, RELAYMSG. */
  | "own-echo"
  /** Said before we joined, and played to us by the server or a bouncer. */
  | "history"
  /** By a server, not by a person. */
  | "server"
  /** A request or an answer between clients. */
  | "ctcp"
  | "empty";

export interface SpeechContext {
  readonly channel: string;
  readonly isupport: Isupport;
  readonly isMe: (nick: string) => boolean;
  /** References of the batches with history that are open now (IRCv3 batch). */
  readonly historyBatches: ReadonlySet<string>;
  /**
   * When we joined, in milliseconds since 1970 by the clock that stamps the lines: the server's.
   * Undefined when the server did not say; then nothing is history by its time.
   */
  readonly joinedAt: number | undefined;
}

/** Servers of one network do not agree to the second on what time it is. */
const SKEW = 5_000;

/** Reads what a line says in the channel, or why it says nothing there. Never throws. */
export function readSpeech(line: Line, context: SpeechContext): Reading<IrcSpeech, SpeechIgnored> {
  const { command, source = "", params, tags = NO_TAGS } = line;
  if (command !== "PRIVMSG" && command !== "NOTICE") return { ignored: "not-speech" };
  const [target = "", text = ""] = params;
  const audience = readAudience(target, context);
  if (audience !== "everybody") return { ignored: audience };
  // No nick holds a dot (RFC 2812 section 2.3.1), every server's name does; ":*.split" is a server too.
  if (source === "" || (!source.includes("!") && source.includes(".")))
    return { ignored: "server" };
  const { nick } = parseSource(source);
  if (isOwn(nick, tags, context)) return { ignored: "own-echo" };
  if (isHistory(tags, context)) return { ignored: "history" };
  const ctcp = readCtcp(text);
  // An ACTION inside a NOTICE would be the answer to one, which nobody asks for.
  if (ctcp !== undefined && (ctcp.command !== "ACTION" || command === "NOTICE")) {
    return { ignored: "ctcp" };
  }
  const said = ctcp?.text ?? text;
  if (said.trim() === "") return { ignored: "empty" };
  const plain = command === "NOTICE" ? "notice" : "message";
  const kind = ctcp === undefined ? plain : "action";
  return { message: { kind, nick, source, text: said, target, tags } };
}

/** The tag's value as milliseconds since 1970 (IRCv3 server-time); undefined when there is none. */
export function readServerTime(tags: Tags | undefined): number | undefined {
  const time = Date.parse(tags?.["time"] ?? "");
  return Number.isNaN(time) ? undefined : time;
}

const NO_TAGS: Tags = {};

function readAudience(
  target: string,
  { channel, isupport }: SpeechContext,
): "everybody" | "ops-only" | "elsewhere" {
  const { casemapping, statusmsg, prefixes } = isupport;
  if (sameName(target, channel, casemapping)) return "everybody";
  // Servers deliver STATUSMSG also where they do not announce it.
  const ranks = statusmsg + prefixes;
  let start = 0;
  while (start < target.length && ranks.includes(target.charAt(start))) {
    start += 1;
    if (sameName(target.slice(start), channel, casemapping)) return "ops-only";
  }
  return "elsewhere";
}

function isOwn(nick: string, tags: Tags, { isMe }: SpeechContext): boolean {
  const { label, "draft/relaymsg": relayedBy } = tags;
  // Only the answer to a line of our own carries a label.
  return isMe(nick) || label !== undefined || (relayedBy !== undefined && isMe(relayedBy));
}

function isHistory(tags: Tags, { historyBatches, joinedAt }: SpeechContext): boolean {
  const { batch } = tags;
  if (batch !== undefined && historyBatches.has(batch)) return true;
  const time = readServerTime(tags);
  return time !== undefined && joinedAt !== undefined && time < joinedAt - SKEW;
}

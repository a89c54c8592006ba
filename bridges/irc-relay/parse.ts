import type { IrcSpeech } from "../../shared/irc/wire/speech.ts";
import type { ChatMessage, Reading } from "../../shared/message.ts";
import { oneLine } from "../../shared/text/clean.ts";
import { stripFormatting } from "../../shared/text/mirc.ts";
import type { Heard } from "../../shared/xmpp/wire/heard.ts";
import { isRelayedFrom, type RelayOrigin } from "../../shared/xmpp/wire/relay-mark.ts";
import { textForIrc, textForRoom } from "./format.ts";

/** Why something that was said on one side is not repeated on the other. */
export type IgnoreReason =
  /** Our own words. */
  | "own-echo"
  /** Said before we came. */
  | "history"
  /** Brought here by another relay from where we brought it ourselves: repeating it would make a circle. */
  | "relayed"
  /** A notice, where notices are not wanted. */
  | "notice"
  /** Nothing is left of it without what cannot cross. */
  | "empty";

export interface IrcContext {
  readonly relayNotices: boolean;
  /** Whether another relay brings back what we brought. */
  readonly isOurs: (body: string) => boolean;
}

/** Reads what somebody said in the channel; mIRC formatting does not cross. */
export function readIrcSpeech(
  speech: IrcSpeech,
  { relayNotices, isOurs }: IrcContext,
): Reading<ChatMessage, IgnoreReason> {
  const { kind, nick, text } = speech;
  if (kind === "notice" && !relayNotices) return { ignored: "notice" };
  const body = oneLine(stripFormatting(text));
  if (textForRoom(body) === "") return { ignored: "empty" };
  return isOurs(body) ? { ignored: "relayed" } : { message: { kind, nick, body } };
}

export interface RoomContext {
  /** Where the other end of this link is. */
  readonly origin: RelayOrigin;
  /** Whether another relay brings back what we brought. */
  readonly isOurs: (body: string) => boolean;
}

/** Reads what somebody said in the room. */
export function readRoomSpeech(
  { speech, own, history }: Heard,
  { origin, isOurs }: RoomContext,
): Reading<ChatMessage, IgnoreReason> {
  if (own) return { ignored: "own-echo" };
  if (history) return { ignored: "history" };
  const { nick, body, action, id, originId } = speech;
  if (isRelayedFrom(originId ?? id, origin)) return { ignored: "relayed" };
  if (textForIrc(body) === "") return { ignored: "empty" };
  if (isOurs(body)) return { ignored: "relayed" };
  return { message: { kind: action ? "action" : "message", nick, body } };
}

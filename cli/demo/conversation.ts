import type { Bridge } from "../../shared/lifecycle/bridge.ts";
import { isolateBidi, LINE_BREAKS, oneLine, safeNick } from "../../shared/text/clean.ts";
import { connectXmpp } from "../../shared/xmpp/connection.ts";
import { keepInRooms } from "../../shared/xmpp/keep-in-rooms.ts";
import { Room } from "../../shared/xmpp/room.ts";
import type { Speech } from "../../shared/xmpp/wire/message.ts";
import { paint } from "./paint.ts";

/** Who watches which room, and where it is shown. */
export interface Observer {
  readonly jid: string;
  readonly password: string;
  readonly room: string;
  /** Takes each line, without a line break. */
  readonly show: (line: string) => void;
  readonly colours: boolean;
}

/** A bridge from a room to the terminal: shows all that is said there, and says nothing. */
export function showConversation({ jid, password, room, show, colours }: Observer): Bridge {
  return {
    async run(context) {
      const { xmpp, clock, log, counters, version } = context;
      const watched = new Room({
        ...context,
        jid: room,
        nick: "observer",
        newRoom: "accept",
        historySince: () => undefined,
        notes: context.journal,
        owner: "demo",
      });
      watched.onSpeech(({ speech }) => {
        const at = new Date(clock.wallNow());
        for (const line of formatSpeech(speech, { at, colours })) show(line);
      });
      await keepInRooms({
        ...context,
        rooms: [watched],
        jid,
        connect: (signal) =>
          connectXmpp(
            { ...xmpp, jid, password: { reveal: () => password }, version, log, counters },
            signal,
          ),
      });
    },
  };
}

/** `12:03:04 nick: text` for each line of what was said, in local time, with nothing that moves a cursor. */
export function formatSpeech(
  { nick, body, action }: Pick<Speech, "nick" | "body" | "action">,
  { at, colours }: { readonly at: Date; readonly colours: boolean },
): readonly string[] {
  const time = paint("dim", at.toTimeString().slice(0, 8), colours);
  const name = safeNick(nick);
  const who = paint("bold", action ? `* ${name}` : `${name}:`, colours);
  return body
    .split(LINE_BREAKS)
    .map((line) => isolateBidi(oneLine(line)))
    .filter((line) => line !== "")
    .map((line) => `${time} ${who} ${line}`);
}

import { systemClock as clock } from "../../shared/clock.ts";
import { attribute, escapeXml, nameOf, unescapeXml } from "../../test/support/users/stanza-text.ts";
import { XmppStream } from "../../test/support/users/xmpp-stream.ts";
import type { OnSaid, Place } from "./place.ts";
import { writtenAtOnce } from "./written-at-once.ts";

export interface RoomOptions {
  readonly port: number;
  readonly domain: string;
  readonly user: string;
  readonly password: string;
  readonly room: string;
  readonly nick: string;
}

/**
 * Joins a room (XEP-0045) without its history. Reads stanzas by searching their text for what servers
 * write, which is wrong in general, and as fast as it gets.
 */
export async function joinBareRoom(options: RoomOptions): Promise<Place> {
  const { port, domain, user, password, room, nick } = options;
  const stream = await XmppStream.open({ port, domain, who: nick });
  await stream.logIn(user, password, "bench");
  const listeners = new Set<OnSaid>();
  const came = new Map<string, number>();
  const to = escapeXml(room);
  const write = writtenAtOnce((xml) => stream.send(xml));

  stream.onStanza((stanza) => {
    stream.stanzas.forget(); // a burst would pile up there
    const speaker = attribute(stanza, "from")?.slice(room.length + 1);
    if (speaker === undefined || speaker === nick) return;
    if (nameOf(stanza) === "presence") came.set(speaker, clock.now());
    const text = bodyOf(stanza);
    if (text !== undefined) for (const listener of listeners) listener(speaker, text);
  });

  const answered = stream.stanzas.next("its own presence", isOwnPresence, PATIENCE_MS);
  stream.send(
    `<presence to='${to}/${escapeXml(nick)}'><x xmlns='http://jabber.org/protocol/muc'>` +
      "<history maxstanzas='0'/></x></presence>",
  );
  await answered;

  return {
    say: (text) =>
      write(`<message type='groupchat' to='${to}'><body>${escapeXml(text)}</body></message>`),
    onSaid(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    cameAt: (other) => came.get(other),
    leave: () => stream.break(),
  };
}

const PATIENCE_MS = 10_000;

// XEP-0045 section 7.2.2: only our own presence carries 110.
function isOwnPresence(stanza: string): boolean {
  return nameOf(stanza) === "presence" && /<status code=['"]110['"]/.test(stanza);
}

function bodyOf(stanza: string): string | undefined {
  const start = stanza.indexOf(BODY);
  if (start === -1) return undefined;
  return unescapeXml(stanza.slice(start + BODY.length, stanza.indexOf("</body>", start)));
}

const BODY = "<body>";

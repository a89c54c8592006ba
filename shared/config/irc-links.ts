import { isBareJid } from "../xmpp/wire/jid.ts";
import { listOf } from "./list.ts";

/** One IRC channel and the room that shares its conversation. */
interface IrcLink {
  readonly channel: string;
  readonly room: string;
}

/**
 * Pairs such as `#cemetech=chat@conference.example.org,#dev=dev@conference.example.org`. A channel or
 * a room may stand in one pair only: two links of one bridge would not hear each other there.
 */
export const ircLinks = () =>
  listOf({
    item: "#channel=room@conference.example.org",
    parse: parseLink,
    // How the server folds names is known only once connected; ASCII is what all agree on.
    keysOf: ({ channel, room }) => [channel.toLowerCase(), room.toLowerCase()],
    repeated: "refuse",
  });

function parseLink(text: string): IrcLink | undefined {
  const at = text.lastIndexOf("=");
  const channel = text.slice(0, Math.max(at, 0));
  const room = text.slice(at + 1);
  return isChannel(channel) && isBareJid(room) ? { channel, room } : undefined;
}

/** RFC 2812 section 1.3: begins with one of four marks; no space, comma, colon, BEL or other control. */
function isChannel(text: string): boolean {
  return /^[#&+!][^\s,:\p{Cc}]+$/u.test(text);
}

import { paint } from "./paint.ts";

/** Where everything of the demo can be reached. */
export interface Places {
  readonly ircPort: number;
  readonly channel: string;
  readonly xmppPort: number;
  readonly jid: string;
  readonly password: string;
  readonly room: string;
  /** The path that webridge listens on. */
  readonly socket: string;
  /** The words that start saxbridge. */
  readonly saxbridge: readonly string[];
  readonly colours: boolean;
}

/** How to talk to the demo. Each command is one line that can be pasted into a shell as it is. */
export function formatInstructions(places: Places): string {
  const { ircPort, channel, xmppPort, jid, password, room, colours } = places;
  const title = (text: string) => paint("bold", text, colours);
  return `
The demo runs: what is said in the XMPP room is said in the IRC channel too, and back.

${title("IRC")}, with any client: irc://127.0.0.1:${ircPort}/${channel}
or without a client, in bash:
  ${ircCommand(places)}
${title("XMPP")}, with any client: ${jid}, password ${password}, server 127.0.0.1, port ${xmppPort},
room ${room}; let the client accept the certificate, which was made for this demo
${title("An announcement of the site")}, in PHP:
  ${phpCommand(places)}
${title("An announcement from the shell")}:
  ${sayCommand(places)}

Below is what is said in the room. Ctrl-C ends the demo and removes all of it.
`;
}

// A server takes JOIN only after it has registered the client, which it says with 001 (RFC 2812 section 5.1).
function ircCommand({ ircPort, channel }: Places): string {
  const script = [
    `exec 3<>/dev/tcp/127.0.0.1/${ircPort}`,
    String.raw`printf "NICK visitor\r\nUSER visitor 0 * visitor\r\n" >&3`,
    'grep -qm1 " 001 " <&3',
    String.raw`printf "JOIN ${channel}\r\nPRIVMSG ${channel} :Hello from IRC\r\nQUIT\r\n" >&3`,
    "cat <&3 >/dev/null",
  ];
  return `bash -c ${quote(script.join("; "))}`;
}

function phpCommand({ socket }: Places): string {
  const address = `udg://${socket}`.replaceAll(/[\\"$]/g, String.raw`\$&`);
  return `php -r ${quote(`fwrite(stream_socket_client("${address}"), "Hello from PHP");`)}`;
}

function sayCommand({ socket, saxbridge }: Places): string {
  const words = [...saxbridge, "say", "Hello from the shell"];
  return `WEBRIDGE_SOCKET=${quote(socket)} ${words.map(quote).join(" ")}`;
}

/** One word of a shell (POSIX.1 Shell Command Language, section 2.2.2). */
function quote(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

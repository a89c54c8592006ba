import { once } from "node:events";
import { connect } from "node:net";
import { systemClock as clock } from "../../shared/clock.ts";
import type { OnSaid, Place } from "./place.ts";
import { writtenAtOnce } from "./written-at-once.ts";

export interface ChannelOptions {
  readonly port: number;
  readonly nick: string;
  readonly channel: string;
}

/** Registers with an IRC server (RFC 2812 section 3.1) and joins a channel; rejects when it cannot. */
export async function joinBareChannel({ port, nick, channel }: ChannelOptions): Promise<Place> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  socket.setEncoding("utf8");
  const listeners = new Set<OnSaid>();
  const came = new Map<string, number>();
  const joined = new AbortController();
  const write = writtenAtOnce((lines) => socket.write(lines));
  let rest = "";

  socket.on("data", (text: string) => {
    const lines = (rest + text).split("\r\n");
    rest = lines.pop() ?? "";
    for (const line of lines) take(line);
  });

  function take(line: string): void {
    if (line.startsWith("PING")) return write(`PONG${line.slice("PING".length)}\r\n`);
    const [, source, command, params] = LINE.exec(line) ?? [];
    if (source === undefined || params === undefined) return;
    if (command === "001") write(`JOIN ${channel}\r\n`);
    if (command === "366") joined.abort();
    if (source === nick) return;
    if (command === "JOIN") came.set(source, clock.now());
    if (command !== "PRIVMSG") return;
    const said = params.slice(params.indexOf(" :") + 2);
    for (const listener of listeners) listener(source, said);
  }

  write(`NICK ${nick}\r\nUSER ${nick} 0 * :${nick}\r\n`);
  const closed = once(socket, "close");
  await Promise.race([closed, clock.sleep(PATIENCE_MS, joined.signal)]);
  if (!joined.signal.aborted)
    throw new Error(`Cannot join ${channel}: the server let ${nick} wait`);

  return {
    say: (text) => write(`PRIVMSG ${channel} :${text}\r\n`),
    onSaid(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    cameAt: (other) => came.get(other),
    leave: () => socket.destroy(),
  };
}

const PATIENCE_MS = 10_000;

/** Source (its nick), command and the rest of a line that a server sends on. */
const LINE = /^(?:@\S+ )?:([^! ]+)\S* (\S+) ?(.*)$/;

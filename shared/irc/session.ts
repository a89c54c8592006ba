import type { Isupport } from "./wire/isupport.ts";
import type { Line } from "./wire/line.ts";

/** After so long without a line a session asks its server for one, in milliseconds. */
export const SIGN_OF_LIFE_EVERY = 15_000;

/** One registered connection to an IRC server, as the services above the edge see it. */
export interface IrcSession {
  /** `host:port` of the server. */
  readonly server: string;
  /** Our nick as it is now. */
  readonly nick: string;
  /** Our `nick!user@host` as other clients see it: learnt from our own JOIN, CHGHOST and 396; the longest possible until then. */
  readonly source: string;
  /** The account that services know us by; undefined while we are not logged in, or were not told. */
  readonly account: string | undefined;
  readonly isupport: Isupport;
  /** Capabilities that the server acknowledged. */
  readonly capabilities: ReadonlySet<string>;
  /** True when `name` is our own nick under the server's casemapping. */
  isMe(name: string): boolean;
  /** When the last line came in, in monotonic milliseconds. */
  readonly heardAt: number;
  /** Writes one line. CR, LF and NUL are taken out of every parameter here. */
  send(command: string, ...params: readonly string[]): void;
  /** Writes one line whose answer will carry the same label, where `labeled-response` is acknowledged. */
  sendLabelled(label: string, command: string, ...params: readonly string[]): void;
  /** Calls the listener with every line that comes in after this call; returns how to stop. */
  onLine(listener: (line: Line) => void): () => void;
  /** Resolves with the reason when the connection is over, however it ended. Never rejects. */
  readonly ended: Promise<string>;
  /** Says QUIT, waits a moment for the server to close, and is then over. */
  quit(reason: string): Promise<void>;
  /** Breaks the connection at once, without a goodbye: `ended` gives this reason. */
  abandon(reason: string): void;
}

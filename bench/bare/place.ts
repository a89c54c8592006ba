/** Where people meet, a room or a channel, as one of them has it over a socket of their own. */
export interface Place {
  /** Says one line of text. All that is said in one turn of the event loop is written at once. */
  say(text: string): void;
  /** Calls the listener with what others say until the returned function is called. */
  onSaid(listener: OnSaid): () => void;
  /** When this nick came in after us, in monotonic milliseconds; undefined when it did not. */
  cameAt(nick: string): number | undefined;
  /** Breaks the connection. */
  leave(): void;
}

export type OnSaid = (nick: string, text: string) => void;

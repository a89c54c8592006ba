/** A message of the room, as whoever was in it heard it or as its archive shows it. */
export interface RoomMessage {
  /** The room's own id of it (XEP-0359). */
  readonly stanzaId: string;
  readonly nick: string;
  readonly body: string;
  /** When it was heard, or the stamp of the archive: milliseconds since 1970. */
  readonly at: number;
}

/**
 * What was said in a room, each message once and in the room's order, of what somebody heard there and
 * what its archive shows of the times when nobody was there.
 */
export class Transcript {
  /** What was said before the archive was last begun anew. */
  readonly #earlier: RoomMessage[] = [];
  #current: RoomMessage[] = [];

  get messages(): readonly RoomMessage[] {
    return [...this.#earlier, ...this.#current];
  }

  /** Takes what somebody heard just now. */
  hear(message: RoomMessage): void {
    this.#current.push(message);
  }

  /** Takes all that the archive holds, oldest first: its order counts. */
  merge(archive: readonly RoomMessage[]): void {
    const heard = new Map(this.#current.map((message) => [message.stanzaId, message]));
    const shown = new Set(archive.map(({ stanzaId }) => stanzaId));
    this.#current = [
      ...archive.map((message) => heard.get(message.stanzaId) ?? message),
      ...this.#current.filter(({ stanzaId }) => !shown.has(stanzaId)),
    ];
  }

  /** The room is gone, and its archive with it. */
  beginAnew(): void {
    this.#earlier.push(...this.#current);
    this.#current = [];
  }
}

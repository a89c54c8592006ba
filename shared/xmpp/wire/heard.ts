import type { Speech } from "./message.ts";

/** What a room lets its listener hear. */
export interface Heard {
  readonly speech: Speech;
  /** Our own words, which the room sends back to us. */
  readonly own: boolean;
  /** Said before we came in. */
  readonly history: boolean;
  /** When it was said, in milliseconds since 1970, if the room tells us later. */
  readonly at?: number | undefined;
}

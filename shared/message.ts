/** What somebody said, wherever they said it: the only value that crosses from one protocol to another. */
export interface ChatMessage {
  /** `action` is `/me`; `notice` is an IRC NOTICE, which must never be answered automatically. */
  readonly kind: "message" | "action" | "notice";
  readonly nick: string;
  /** Text without protocol markup. May hold `\n` when it comes from XMPP; holds no other control. */
  readonly body: string;
}

/**
 * What a reader made of one stanza, line or datagram: something to pass on, or the counted reason
 * why not. Readers never throw and never return nothing, so that every loss has a name.
 */
export type Reading<T, Reason extends string> =
  | { readonly message: T; readonly ignored?: never }
  | { readonly ignored: Reason; readonly message?: never };

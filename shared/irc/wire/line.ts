/** One IRC message (RFC 1459 section 2.3.1, IRCv3 message-tags), CR LF excluded. */
export interface Line {
  readonly tags?: Readonly<Record<string, string>>;
  /** `nick!user@host` or a server's name, without the leading colon. */
  readonly source?: string;
  /** Upper case letters, or three digits for a numeric. */
  readonly command: string;
  readonly params: readonly string[];
}

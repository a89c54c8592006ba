/**
 * A UNIX socket cannot be used, for a reason that an administrator can act on: the message says what
 * could not be done, what is the case, and where there is one, the remedy.
 */
export class SocketError extends Error {
  override readonly name = "SocketError";
  /** The system's name for the reason, such as `EADDRINUSE`. */
  readonly code: string;

  constructor(
    message: string,
    { code, cause }: { readonly code: string; readonly cause?: unknown },
  ) {
    super(message, { cause });
    this.code = code;
  }
}

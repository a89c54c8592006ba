/** unix-dgram 2.0 brings no types. Only what `socket.ts` uses is declared. */
declare module "unix-dgram" {
  /** An error whose `code` is the negative errno: a number, not a name. */
  export interface ErrnoError extends Error {
    readonly code: number;
  }

  export interface Socket {
    on(event: "error", listener: (error: ErrnoError) => void): this;
    bind(path: string): void;
    connect(path: string): void;
    send(bytes: Uint8Array, offset: number, length: number, path: string): void;
    close(): void;
  }

  export function createSocket(type: "unix_dgram", onMessage?: (bytes: Uint8Array) => void): Socket;
}

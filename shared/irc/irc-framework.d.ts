/** The part of irc-framework 4.14 that is used here; it ships no types, and nobody else writes any. */
declare module "irc-framework" {
  import type { EventEmitter } from "node:events";

  /** What the client expects of a transport: an emitter of "open", "line" and "close". */
  export interface Transport extends EventEmitter {
    connect(): void;
    writeLine(line: string, written?: () => void): void;
    close(force?: boolean): void;
    disposeSocket(): void;
    setEncoding(encoding: string): boolean;
    isConnected(): boolean;
  }

  export interface ClientOptions<T extends Transport, O> {
    /** Called as `new transport(options)` with these very options, by `connect()`. */
    readonly transport: new (options: {
      readonly endpoint: O;
    }) => T;
    /** Ours alone: what the transport needs. */
    readonly endpoint: O;
    readonly nick: string;
    readonly username: string;
    readonly gecos: string;
    readonly password?: string;
    /** An empty one keeps the client from taking the server password for SASL. */
    readonly account: { readonly account?: string; readonly password?: string };
    readonly sasl_mechanism?: string;
    readonly sasl_disconnect_on_fail: boolean;
    readonly auto_reconnect: boolean;
    readonly ping_interval: number;
    readonly ping_timeout: number;
    readonly version: string;
  }

  export class Client<T extends Transport, O> {
    constructor(options: ClientOptions<T, O>);
    requestCap(names: readonly string[]): void;
    connect(): void;
    readonly connection: { readonly transport: T | null };
  }
}

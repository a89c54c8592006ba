/** The part of @xmpp/client 0.14 that saxbridge uses; the package ships no types of its own. */
declare module "@xmpp/client" {
  import type { EventEmitter } from "node:events";
  import type { Duplex } from "node:stream";
  import type { WebSocket } from "ws";

  type Element = import("./wire/xml.ts").Element;

  export interface LibraryElement extends Element {
    readonly children: (LibraryElement | string)[];
    remove(child: LibraryElement): this;
  }

  /** A SASL mechanism as its factory makes it; strings hold one byte per character. */
  export interface SaslMechanism {
    readonly name: string;
    readonly clientFirst: boolean;
    response(credentials: {
      readonly username: string;
      readonly password: string;
    }): string | Promise<string>;
    challenge(text: string): unknown;
  }

  export interface LibrarySocket extends Duplex {
    readonly secure?: boolean;
    /** The library's own TLS and WebSocket sockets hold the real one. */
    readonly socket?: Duplex | WebSocket | null;
  }

  /** What the library makes of a WebSocket. */
  export interface LibraryWebSocket {
    url: string;
    secure: boolean;
    connect(url: string): void;
    _attachSocket(socket: WebSocket): void;
  }

  /** The library asks the prototype of a transport, and makes no instance of it. */
  export interface TransportPrototype {
    /** Of the WebSocket transport; others have another. */
    Socket: new () => LibraryWebSocket;
    socketParameters(service: string): object | string | undefined;
  }

  export interface Transport {
    new (): TransportPrototype;
    prototype: TransportPrototype;
  }

  export interface Client extends EventEmitter {
    readonly jid: { toString(): string } | null;
    readonly status: string;
    readonly parser: { write(text: string): void } | null;
    readonly reconnect: { stop(): void };
    readonly saslFactory: {
      _mechs: { readonly name: string }[];
      use(name: string, mechanism: new () => SaslMechanism): void;
    };
    readonly transports: Transport[];
    socket: LibrarySocket | null;
    isSecure(): boolean;
    connect(service: string): Promise<unknown>;
    open(options: { readonly domain: string }): Promise<unknown>;
    stop(): Promise<unknown>;
    restart(): Promise<unknown>;
    write(text: string): Promise<void>;
    _findTransport(service: string): Transport | undefined;
    _attachSocket(socket: LibrarySocket): void;
    _detachSocket(): void;
    _detachParser(): void;
    _onData(data: Uint8Array | string): void;
    _onElement(element: LibraryElement): void;
    _onStreamError(element: LibraryElement): void;
  }

  export function client(options: {
    readonly service: string;
    readonly domain: string;
    readonly timeout: number;
    readonly credentials: (
      authenticate: (
        credentials: { readonly username: string; readonly password: string },
        mechanism: string,
      ) => Promise<void>,
      mechanisms: readonly string[],
    ) => Promise<void>;
  }): Client;
}

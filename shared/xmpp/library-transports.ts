import { type ConnectionOptions, connect as connectTls, type TLSSocket } from "node:tls";
import type { Client, LibrarySocket, Transport } from "@xmpp/client";
import type { WebSocket } from "ws";
import { isLoopback } from "../config/loopback.ts";

export interface Trust {
  /** Whose certificate the server has to show. */
  readonly domain: string;
  /** Certificates in PEM that are trusted instead of those that come with Node.js. */
  readonly ca?: string | undefined;
  /** What opens WebSockets; needed for `ws://` and `wss://` only. */
  readonly WebSocket?: typeof WebSocket | undefined;
}

/**
 * Makes the library's direct TLS and WebSockets trust these certificates: it has no options for that,
 * and for direct TLS none for the name of the server.
 */
export function trustCertificates(client: Client, trust: Trust): void {
  replaceTransport(client, "xmpps://any.example", (Library) => trustingTls(Library, trust));
  const { ca, WebSocket } = trust;
  if (WebSocket === undefined) return;
  // RFC 7395 section 3.1: over a WebSocket the name to be proved is that of the host in the URL.
  const open = (url: string) => new WebSocket(url, ["xmpp"], ca === undefined ? {} : { ca });
  replaceTransport(client, "wss://any.example", (Library) => trustingWebSocket(Library, open));
}

/** STARTTLS (RFC 6120 section 5): resolves when the server has shown its certificate, else rejects. */
export function secureSocket(plain: LibrarySocket, trust: Trust): Promise<LibrarySocket> {
  return new Promise((resolve, reject) => {
    const secured: TLSSocket & { secure?: boolean } = connectTls({
      ...tlsOptions(trust),
      socket: plain,
    });
    secured.secure = true;
    secured.once("error", reject);
    secured.once("secureConnect", () => resolve(secured));
  });
}

/** Ends a socket of the library at once, and whatever it still has to say about that is not heard. */
export function destroySocket(socket: LibrarySocket | null): void {
  if (socket === null) return;
  const inner = socket.socket ?? socket;
  inner.on?.("error", () => {});
  if ("terminate" in inner) inner.terminate?.();
  else inner.destroy?.();
}

function tlsOptions({ domain, ca }: Trust): ConnectionOptions {
  return { servername: domain, ...(ca === undefined ? {} : { ca }) };
}

function replaceTransport(
  client: Client,
  service: string,
  replacement: (library: Transport) => Transport,
): void {
  const transport = client._findTransport(service);
  if (transport === undefined) return;
  client.transports.splice(client.transports.indexOf(transport), 1, replacement(transport));
}

function trustingTls(Library: Transport, trust: Trust): Transport {
  return class extends Library {
    override socketParameters(service: string): object | string | undefined {
      const parameters = super.socketParameters(service);
      return typeof parameters === "object" ? { ...parameters, ...tlsOptions(trust) } : parameters;
    }
  };
}

function trustingWebSocket(Library: Transport, open: (url: string) => WebSocket): Transport {
  class Trusting extends Library {}
  Trusting.prototype.Socket = class extends Library.prototype.Socket {
    override connect(url: string): void {
      this.url = url;
      // What the library takes for safe to send a password over.
      this.secure = url.startsWith("wss:") || isLoopback(new URL(url).hostname);
      this._attachSocket(open(url));
    }
  };
  return Trusting;
}

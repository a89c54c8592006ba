import { freePort } from "./free-port.ts";
import type { Ports, RunningServer } from "./server-process.ts";

/** What tests and the demo may ask of a throwaway XMPP server, whichever it is. */
export interface XmppServerOptions {
  /** Passwords by local part. The user `admin`, if there is one, is owner of every room. */
  readonly users: Readonly<Record<string, string>>;
  /** Messages that a room shows to who joins. Default 20. */
  readonly history?: number;
  /**
   * `none` (default): plain TCP. `starttls`: STARTTLS is offered, plain logins still work.
   * `direct`: plain TCP, and TLS from the first byte on `tlsPort`.
   */
  readonly tls?: "none" | "starttls" | "direct";
  /** Whether rooms keep an archive (XEP-0313). Default true. */
  readonly mam?: boolean;
  /** Whether a new room is locked until its owner configures it (XEP-0045 section 10.1). Default false. */
  readonly lockRooms?: boolean;
  /** An external component (XEP-0114) that may connect to `componentPort`. */
  readonly component?: { readonly domain: string; readonly secret: string };
  /** Largest stanza in bytes that a client may send. Default 256 KiB. */
  readonly stanzaLimitBytes?: number;
  /** The port for clients; a free one when absent. */
  readonly port?: number;
}

/** A throwaway XMPP server on 127.0.0.1 that serves `localhost` and rooms at `conference.localhost`. */
export interface XmppServer extends RunningServer {
  readonly domain: "localhost";
  readonly muc: "conference.localhost";
  /** For clients, plain or STARTTLS. */
  readonly port: number;
  /** For clients with TLS from the first byte; answers only with `tls: "direct"`. */
  readonly tlsPort: number;
  /** For BOSH and WebSocket. */
  readonly httpPort: number;
  readonly webSocketUrl: string;
  readonly boshUrl: string;
  /** For the external component; answers only when one was asked for. */
  readonly componentPort: number;
  /** PEM file of the authority to trust; undefined without TLS. */
  readonly ca: string | undefined;
}

/** The domain that every throwaway XMPP server serves. */
export const domain = "localhost";

/** Where its rooms are. */
export const muc = "conference.localhost";

/** The ports of every throwaway XMPP server. */
export interface XmppPorts extends Ports {
  readonly tls: number;
  readonly http: number;
  readonly component: number;
}

/** Free ports, but for the one that is asked for. */
export async function chooseXmppPorts({ port }: XmppServerOptions): Promise<XmppPorts> {
  return {
    client: port ?? (await freePort()),
    tls: await freePort(),
    http: await freePort(),
    component: await freePort(),
  };
}

/** What a server with these ports offers beside its process. */
export function xmppFacts({ client, tls, http, component }: XmppPorts, ca: string | undefined) {
  return {
    domain,
    muc,
    port: client,
    tlsPort: tls,
    httpPort: http,
    webSocketUrl: `ws://127.0.0.1:${http}/xmpp-websocket`,
    boshUrl: `http://127.0.0.1:${http}/http-bind`,
    componentPort: component,
    ca,
  } as const;
}

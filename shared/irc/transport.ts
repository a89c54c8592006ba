import { EventEmitter } from "node:events";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { Transport } from "irc-framework";
import { decodeIrc } from "./wire/decode.ts";

/** Certificates in PEM, all of them optional. The server's is always verified. */
export interface TlsMaterial {
  /** Authorities to trust in place of the system's. */
  readonly ca?: string | undefined;
  /** Our own certificate and its key, for SASL EXTERNAL. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** Where a connection leads, and who is told what comes of it. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
  readonly tls: TlsMaterial | undefined;
  /** TCP, and TLS where there is any, are established. */
  readonly opened: () => void;
  /** One line, decoded, without its LF. May throw nothing. */
  readonly received: (line: string) => void;
  /** Called right before anything is written: what led to it can be kept first. May throw nothing. */
  readonly beforeWrite: () => void;
  /** Called once, when the socket is gone. */
  readonly closed: (error: Error | undefined) => void;
}

/** Tags have 8,191 bytes and lines 512, or LINELEN; nothing honest comes near this. */
const LONGEST_LINE_BYTES = 65_536;
const LF = 0x0a;

/**
 * TCP or TLS to an IRC server, as a transport for irc-framework. The library's own one buffers a line
 * without end in quadratic time, decodes bytes that are no UTF-8 to U+FFFD, lets one failing line
 * block all that follow it, and knows no certificate authority of ours.
 *
 * Lines go to `received`, not to the library: `negotiate` shows it the few that it is for. All that is
 * written within one turn goes out as one write, in order, in the check phase of that turn: by then
 * everything that belongs to it has run. CR, LF and NUL cannot be written.
 */
export class IrcTransport extends EventEmitter implements Transport {
  readonly #endpoint: Endpoint;
  readonly #partial: Buffer[] = [];
  #partialBytes = 0;
  #outgoing = "";
  #socket: Socket | undefined;
  #isOpen = false;
  #error: Error | undefined;

  constructor({ endpoint }: { readonly endpoint: Endpoint }) {
    super();
    this.#endpoint = endpoint;
  }

  connect(): void {
    const { host, port, tls } = this.#endpoint;
    // RFC 6066 section 3: no address in SNI. The certificate is then checked against the address.
    const names = { host, port, ...(isIP(host) === 0 ? { servername: host } : {}) };
    const socket =
      tls === undefined
        ? connectTcp({ host, port })
        : connectTls({ ...names, ...tls, rejectUnauthorized: true });
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.once(tls === undefined ? "connect" : "secureConnect", () => this.#open());
    socket.on("data", (bytes: Buffer) => this.#read(bytes));
    socket.on("error", (error) => {
      this.#error ??= error;
    });
    // What we still have to write would never be read; waiting for it would keep a dead link.
    socket.once("end", () => socket.destroy());
    socket.once("close", () => this.#close());
  }

  /** Shows one line to the library, which throws on some. */
  negotiate(line: string): void {
    this.emit("line", line);
  }

  /** Does nothing when there is no connection. */
  writeLine(line: string, written?: () => void): void {
    if (written !== undefined) process.nextTick(written);
    if (!this.#isOpen) return;
    if (this.#outgoing === "") setImmediate(() => this.#flush());
    this.#outgoing += `${line.replace(/[\r\n\0]+/g, " ")}\r\n`;
  }

  /** Breaks the connection at once; `closed` is called with this error, if it is the first. */
  destroy(error?: Error): void {
    this.#error ??= error;
    this.#isOpen = false;
    this.#socket?.destroy();
  }

  isConnected(): boolean {
    return this.#isOpen;
  }

  close(): void {
    this.#flush();
    this.destroy();
  }

  disposeSocket(): void {
    this.destroy();
  }

  setEncoding(): boolean {
    return true;
  }

  #open(): void {
    this.#isOpen = true;
    this.#endpoint.opened();
    this.emit("open");
  }

  #flush(): void {
    if (!this.#isOpen || this.#outgoing === "") return;
    this.#endpoint.beforeWrite();
    this.#socket?.write(this.#outgoing);
    this.#outgoing = "";
  }

  #read(bytes: Buffer): void {
    let start = 0;
    for (let end = bytes.indexOf(LF); end !== -1; end = bytes.indexOf(LF, start)) {
      const line = this.#complete(bytes.subarray(start, end));
      start = end + 1;
      if (line.length > LONGEST_LINE_BYTES) return this.#refuseLine();
      this.#endpoint.received(decodeIrc(line));
      if (!this.#isOpen) return;
    }
    this.#keep(bytes.subarray(start));
  }

  #complete(bytes: Buffer): Buffer {
    if (this.#partialBytes === 0) return bytes;
    const line = Buffer.concat([...this.#partial, bytes]);
    this.#partial.length = 0;
    this.#partialBytes = 0;
    return line;
  }

  #keep(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#partial.push(bytes);
    this.#partialBytes += bytes.length;
    if (this.#partialBytes > LONGEST_LINE_BYTES) this.#refuseLine();
  }

  #refuseLine(): void {
    this.destroy(new Error(`the server sent a line of more than ${LONGEST_LINE_BYTES} bytes`));
  }

  #close(): void {
    this.#isOpen = false;
    this.emit("close", this.#error);
    this.#endpoint.closed(this.#error);
  }
}

/**
 * Takes one datagram. `truncated` says that it was longer than could be read: 65,535 bytes on a socket
 * of our own, 262,143 on an inherited one. What it throws is logged and counted, and the next
 * datagram still comes.
 */
export type OnDatagram = (bytes: Uint8Array, truncated: boolean) => void;

export interface DatagramReceiver {
  /**
   * Stops listening; resolves when the last datagram was handed over. On a socket of our own that
   * includes all that senders had got rid of before; on an inherited one those wait for the next
   * process. May be called again.
   */
  close(): Promise<void>;
}

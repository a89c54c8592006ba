/**
 * True for a host that only this machine can be: `localhost` (RFC 6761 section 6.3), 127.0.0.0/8
 * (RFC 1122 section 3.2.1.3) and `::1` (RFC 4291 section 2.5.3). What is sent there crosses no network.
 */
export function isLoopback(host: string): boolean {
  return host.toLowerCase() === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}

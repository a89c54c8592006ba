import { createServer } from "node:net";
import { systemClock } from "../../../shared/clock.ts";

// Linux takes the source ports of outgoing connections from 32768 up (net.ipv4.ip_local_port_range).
// A server that is killed and started again must find its port free, so we stay below that range.
const FIRST = 20_000;
const LAST = 32_000;
const TRIES = 50;

const givenOut = new Set<number>();

/**
 * A TCP port of 127.0.0.1 that nobody listened on just now, and that this process was not given
 * before. Another process can still be quicker: whoever listens on it must be ready to ask again.
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const port = FIRST + Math.floor(systemClock.random() * (LAST - FIRST));
    if (givenOut.has(port) || !(await canListen(port))) continue;
    givenOut.add(port);
    return port;
  }
  throw new Error(`Cannot find a free port: ${TRIES} between ${FIRST} and ${LAST} are taken`);
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1" }, () => server.close(() => resolve(true)));
  });
}

import { text } from "node:stream/consumers";
import { systemClock } from "../../../shared/clock.ts";
import { SocketError } from "../../../shared/unix/socket-error.ts";
import { takePath } from "../../../shared/unix/take-path.ts";

/** One of several: tries to get every path, each at an instant that all agree on, and prints which it got. */
const paths = process.argv.slice(2);
process.stdout.write("ready\n");
const begin = Number(await text(process.stdin));
const sockets = paths.map((path, round) => {
  while (Date.now() < begin + round * 3);
  try {
    const taken = takePath({ path, mode: 0o600, gid: undefined, clock: systemClock }, () => {});
    process.stdout.write(`${round}\n`);
    return taken.socket;
  } catch (error) {
    if (!(error instanceof SocketError)) throw error;
    return undefined;
  }
});
// The others must find the sockets alive until they have tried the last one.
setTimeout(() => {
  for (const socket of sockets) socket?.close();
}, 500);

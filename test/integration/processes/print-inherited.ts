import { Counters } from "../../../shared/observe/counters.ts";
import type { Logger } from "../../../shared/observe/logger.ts";
import { receiveDatagrams } from "../../../shared/unix/datagram.ts";
import { inheritedSocket } from "../../../shared/unix/inherited-socket.ts";

/** Prints the size of every datagram that comes in on the socket it was given, until SIGTERM. */
const print = (line: string) => process.stdout.write(`${line}\n`);
const nothing = () => {};
const log: Logger = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  child: () => log,
};
const stop = new AbortController();
process.once("SIGTERM", () => stop.abort());
try {
  const listenFd = inheritedSocket(process.env, process.pid);
  print(`descriptor ${listenFd}, left: ${Object.keys(process.env).filter(isOfSystemd).join(" ")}`);
  await receiveDatagrams(
    { path: "/nowhere", mode: 0, listenFd, signal: stop.signal, log, counters: new Counters() },
    (bytes, truncated) => print(`${bytes.byteLength}${truncated ? " truncated" : ""}`),
  );
} catch (error) {
  print(String(error));
}

function isOfSystemd(name: string): boolean {
  return name.startsWith("LISTEN_");
}

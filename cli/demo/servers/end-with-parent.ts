const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

const endings = new Set<() => void>();
let watching = false;

/**
 * Runs `end` when this process ends by itself, by an uncaught error or by a signal that nobody else
 * handles; returns how to take that back. `end` must be synchronous: nothing asynchronous runs then.
 */
export function endWithParent(end: () => void): () => void {
  watch();
  endings.add(end);
  return () => endings.delete(end);
}

function watch(): void {
  if (watching) return;
  watching = true;
  process.on("exit", endAll);
  for (const signal of SIGNALS) process.on(signal, () => onSignal(signal));
}

function onSignal(signal: NodeJS.Signals): void {
  // Somebody who handles the signal too wants to stop in good order, and "exit" comes after that.
  if (process.listenerCount(signal) > 1) return;
  endAll();
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}

function endAll(): void {
  for (const end of endings) end();
  endings.clear();
}

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/**
 * Calls back with the first signal that asks this process to stop. Later ones change nothing: one
 * Ctrl-C comes several times where npm passes it on, and whoever stops has a deadline anyway.
 */
export function onStopSignal(stop: (signal: NodeJS.Signals) => void): void {
  let isStopping = false;
  for (const name of SIGNALS) {
    process.on(name, () => {
      if (isStopping) return;
      isStopping = true;
      stop(name);
    });
  }
}

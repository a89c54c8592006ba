import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/**
 * Keeps V8 from growing its heap while the modules are loaded: most of what is allocated then is
 * garbage soon. Only what is loaded after this call is loaded small.
 */
export function loadSmall(): void {
  setFlagsFromString("--optimize-for-size");
  setFlagsFromString("--semi-space-growth-factor=1");
  // The young heap is small enough for one thread; waiting for others, on a machine that has work for
  // them, takes longer than it saves.
  setFlagsFromString("--no-parallel-scavenge");
}

/**
 * Ends what `loadSmall` began, once the program is up: what loading left behind is given back, and
 * under load the heap grows again as usual.
 */
export function runFreely(): void {
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");
  collect();
  setFlagsFromString("--no-optimize-for-size");
  setFlagsFromString("--semi-space-growth-factor=2");
}

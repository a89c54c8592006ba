import { setFlagsFromString } from "node:v8";

/**
 * Loads small: a module runs once, so that optimising its code, and growing the heap for what is garbage
 * soon, costs memory that a process which mostly waits never needs again. For what is loaded after this
 * call, until `runFast()`.
 */
export function loadSmall(): void {
  setFlagsFromString("--no-opt");
  setFlagsFromString("--optimize-for-size");
  setFlagsFromString("--semi-space-growth-factor=1");
  // The young heap is small enough for one thread; waiting for others, on a machine that has work for
  // them, takes longer than it saves.
  setFlagsFromString("--no-parallel-scavenge");
}

/**
 * Ends what `loadSmall()` began, once the program is up: what is hot is optimised from now on, and
 * sooner than V8 would by itself. A relay runs the same little code for every message, and rests in
 * between for so long that it would stay slow for an hour of quiet talk.
 */
export function runFast(): void {
  setFlagsFromString("--opt");
  setFlagsFromString("--no-optimize-for-size");
  setFlagsFromString("--semi-space-growth-factor=2");
  setFlagsFromString("--interrupt-budget=8000");
  setFlagsFromString("--interrupt-budget-for-feedback-allocation=100");
}

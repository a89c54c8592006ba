/** Something to do once, at the earliest of the times that were asked for. It keeps no process alive. */
export interface Planned {
  /** In `ms` milliseconds at the latest; 0 is the end of this turn of the event loop. */
  within(ms: number): void;
  cancel(): void;
}

export function planned(run: () => void): Planned {
  let due = Number.POSITIVE_INFINITY;
  let forget: (() => void) | undefined;
  const cancel = () => {
    forget?.();
    due = Number.POSITIVE_INFINITY;
  };
  const runOnce = () => {
    due = Number.POSITIVE_INFINITY;
    run();
  };
  return {
    cancel,
    within(ms) {
      const at = ms <= 0 ? 0 : performance.now() + ms;
      if (at >= due) return;
      forget?.();
      due = at;
      if (ms <= 0) {
        const immediate = setImmediate(runOnce);
        forget = () => clearImmediate(immediate);
      } else {
        const timer = setTimeout(runOnce, ms).unref();
        forget = () => clearTimeout(timer);
      }
    },
  };
}

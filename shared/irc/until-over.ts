import type { IrcSession } from "./session.ts";

/** Resolves when the session has ended or the signal aborts; leaves no listener behind. */
export async function untilOver({ ended }: IrcSession, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const past = new AbortController();
  const aborted = new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true, signal: past.signal });
  });
  await Promise.race([ended, aborted]);
  past.abort();
}

/** What was said one way, by number, and what was heard of it. */
export interface Transcript {
  /** When each number was said. */
  readonly said: readonly number[];
  /** In the order in which it was heard. */
  readonly heard: readonly Heard[];
}

export interface Heard {
  readonly number: number;
  readonly at: number;
}

/** From one moment on, and before another. */
export interface Span {
  readonly from: number;
  readonly until: number;
}

/** What became of some messages, in numbers of messages. */
export interface Account {
  readonly said: number;
  readonly heard: number;
  readonly lost: number;
  /** Heard again, each time. */
  readonly doubled: number;
  /** Heard behind one that was said later. */
  readonly reordered: number;
}

/** What became of the messages that were said in a span; of all when none is given. */
export function accountFor(
  { said, heard }: Transcript,
  { from, until }: Span = { from: -Infinity, until: Infinity },
): Account {
  const isCounted = (number: number) => {
    const at = said[number] ?? Number.NaN;
    return at >= from && at < until;
  };
  const seen = new Set<number>();
  let latest = -1;
  let doubled = 0;
  let reordered = 0;
  for (const { number } of heard) {
    const isAgain = seen.has(number);
    if (isCounted(number)) {
      if (isAgain) doubled += 1;
      else if (number < latest) reordered += 1;
    }
    seen.add(number);
    latest = Math.max(latest, number);
  }
  const counted = [...said.keys()].filter(isCounted);
  const heardOnce = counted.filter((number) => seen.has(number)).length;
  return {
    said: counted.length,
    heard: heardOnce,
    lost: counted.length - heardOnce,
    doubled,
    reordered,
  };
}

/** When the first message that was said from this moment on was heard; undefined when none was. */
export function firstLiveAt({ said, heard }: Transcript, since: number): number | undefined {
  return heard.find(({ number }) => (said[number] ?? Number.NaN) >= since)?.at;
}

/** When anything was heard from this moment on. */
export function firstHeardAt({ heard }: Transcript, since: number): number | undefined {
  return heard.find(({ at }) => at >= since)?.at;
}

import type { BridgeContext } from "../../shared/lifecycle/bridge.ts";
import type { ChatMessage } from "../../shared/message.ts";
import { drain, type LastFate, type Place } from "../../shared/outbox/drain.ts";
import { type Entry, Outbox, type Taken } from "../../shared/outbox/outbox.ts";
import type { OwnLine } from "./format.ts";
import { GapLines } from "./gap-lines.ts";
import { type Ledger, type LedgerChange, mayBeUnheard, wasNotTold, wasSaid } from "./ledger.ts";

/** How many messages may be on their way to one side unconfirmed. */
const WINDOW = 200;

/** What is said on a way: what people say on its other side, and what we say ourselves. */
export type Line = ChatMessage | OurLine;

interface OurLine extends OwnLine {
  /** The part of the ledger that it tells of; a summary of the outbox tells of none. */
  readonly tells?: Ledger;
}

export type Direction = "irc-to-room" | "room-to-irc";

/** How much may wait to be said on one side. */
export interface Limits {
  readonly queueMessages: number;
  /** Characters of JSON. */
  readonly queueBytes: number;
  /** Milliseconds. */
  readonly queueAge: number;
}

export interface WayOptions {
  readonly direction: Direction;
  /** The channel and the room, for names. */
  readonly ends: string;
  /** Where the messages come from, as the people call it who hear them. */
  readonly from: string;
  readonly limits: Limits;
  /** Whether people are told of gaps. */
  readonly gapLines: boolean;
  /** What ids begin with that nobody gave. */
  readonly idPrefix: () => string;
  /** Told of each message that its destination will not have. */
  readonly onRefused: (at: number, code: string) => void;
  readonly context: BridgeContext;
}

/** One direction of a link: takes what was heard on one side, and says it on the other. */
export class Way {
  readonly outbox: Outbox<Line>;
  readonly #options: WayOptions;
  readonly #gaps: GapLines | undefined;

  constructor(options: WayOptions) {
    this.#options = options;
    const { direction, ends, limits, idPrefix, context } = options;
    this.outbox = new Outbox<Line>({
      ...context,
      queue: `irc-relay ${direction} ${ends}`,
      maxEntries: limits.queueMessages,
      maxBytes: limits.queueBytes,
      maxAgeMs: limits.queueAge,
      toDisk: "when-said",
      rememberIds: false,
      idPrefix,
      summarise: ({ count, since, why }) => ({
        kind: "own",
        body: `${count} messages since ${new Date(since).toISOString()} were left out: ${why}`,
      }),
      describe: (line) => ({
        nick: line.kind === "own" ? "saxbridge" : line.nick,
        text: line.body,
      }),
    });
    this.#gaps = options.gapLines ? this.#openGapLines() : undefined;
  }

  get direction(): Direction {
    return this.#options.direction;
  }

  /** Takes what was heard, `at` milliseconds since 1970 if not just now. */
  take(id: string | undefined, line: Line, at?: number): Taken {
    return this.outbox.put(id, line, at);
  }

  /** Those who hear this way have to be told of something. */
  note(change: LedgerChange): void {
    this.#gaps?.add(change);
  }

  /** Says everything in the place until the signal aborts. */
  run(place: Place<Line>, signal: AbortSignal): Promise<void> {
    const { direction, context } = this.#options;
    return drain({
      outbox: this.outbox,
      place,
      window: WINDOW,
      // The room knows by the id what it has heard. IRC has no memory.
      whenUncertain: direction === "irc-to-room" ? "say-again" : "let-go",
      clock: context.clock,
      log: context.log.child({ direction }),
      signal,
      onSettled: (entry, fate) => this.#settled(entry, fate),
    });
  }

  #settled({ at, value }: Entry<Line>, fate: LastFate): void {
    const { direction, context, onRefused } = this.#options;
    const isRefused = typeof fate === "object";
    const outcome = isRefused ? `refused: ${fate.refused}` : fate;
    context.counters.add("messages", { direction, outcome });
    if (value.kind === "own") {
      if (value.tells && fate !== "delivered") this.note(wasNotTold(value.tells));
    } else {
      if (fate === "delivered") this.note(wasSaid(at));
      if (fate === "uncertain") this.note(mayBeUnheard(at));
      if (isRefused) onRefused(at, fate.refused);
    }
    this.#gaps?.settled();
  }

  #openGapLines(): GapLines {
    const { direction, ends, from, context } = this.#options;
    return new GapLines({
      there: from,
      tell: (body, tells) => this.take(undefined, { kind: "own", body, tells }) === "taken",
      oldestWaiting: () => this.outbox.oldestAt,
      notes: context.journal,
      note: `gaps ${direction} ${ends}`,
      clock: context.clock,
    });
  }
}

import type { BridgeContext } from "../../shared/lifecycle/bridge.ts";
import type { ChatMessage } from "../../shared/message.ts";
import { drain, type LastFate, type Place } from "../../shared/outbox/drain.ts";
import { type Entry, Outbox, type Taken } from "../../shared/outbox/outbox.ts";
import { GapLines } from "./gap-lines.ts";
import { type LedgerChange, mayBeUnheard, wasSaid } from "./ledger.ts";

/** How many messages may be on their way to one side unconfirmed. */
const WINDOW = 200;

/** Whose words our own are, where people read them. */
const OUR_NAME = "saxbridge";

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
  readonly outbox: Outbox<ChatMessage>;
  readonly #options: WayOptions;
  readonly #gaps: GapLines;

  constructor(options: WayOptions) {
    this.#options = options;
    const { direction, ends, limits, idPrefix, context } = options;
    this.outbox = new Outbox<ChatMessage>({
      ...context,
      queue: `irc-relay ${direction} ${ends}`,
      maxEntries: limits.queueMessages,
      maxBytes: limits.queueBytes,
      maxAgeMs: limits.queueAge,
      toDisk: "when-said",
      rememberIds: false,
      idPrefix,
      summarise: ({ count, since, why }) =>
        ours(`${count} messages since ${new Date(since).toISOString()} were left out: ${why}`),
      describe: ({ nick, body }) => ({ nick, text: body }),
    });
    this.#gaps = new GapLines({
      there: options.from,
      tell: (line) => this.#tell(line),
      oldestWaiting: () => this.outbox.oldestAt,
      notes: context.journal,
      note: `gaps ${direction} ${ends}`,
      clock: context.clock,
    });
  }

  get direction(): Direction {
    return this.#options.direction;
  }

  /** Takes what was heard, `at` milliseconds since 1970 if not just now. */
  take(id: string | undefined, message: ChatMessage, at?: number): Taken {
    return this.outbox.put(id, message, at);
  }

  /** Those who hear this way have to be told of something. */
  note(change: LedgerChange): void {
    if (this.#options.gapLines) this.#gaps.add(change);
  }

  /** Says everything in the place until the signal aborts. */
  run(place: Place<ChatMessage>, signal: AbortSignal): Promise<void> {
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

  #settled({ at, value }: Entry<ChatMessage>, fate: LastFate): void {
    const { direction, context, onRefused } = this.#options;
    const isRefused = typeof fate === "object";
    const outcome = isRefused ? `refused: ${fate.refused}` : fate;
    context.counters.add("messages", { direction, outcome });
    // Of our own lines nobody needs to know: they would tell of themselves without end.
    if (value.nick !== OUR_NAME) {
      if (fate === "delivered") this.note(wasSaid(at));
      if (fate === "uncertain") this.note(mayBeUnheard(at));
      if (isRefused) onRefused(at, fate.refused);
    }
    this.#gaps.settled();
  }

  #tell(line: string): void {
    this.take(undefined, ours(line));
  }
}

function ours(body: string): ChatMessage {
  return { kind: "notice", nick: OUR_NAME, body };
}

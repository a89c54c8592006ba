import type { Clock } from "../../shared/clock.ts";
import type { IrcChannel } from "../../shared/irc/channel.ts";
import { PacedSender } from "../../shared/irc/pacing.ts";
import type { IrcSession } from "../../shared/irc/session.ts";
import { initialIsupport } from "../../shared/irc/wire/isupport.ts";
import { textBytes } from "../../shared/irc/wire/source.ts";
import type { Fate } from "../../shared/outbox/drain.ts";
import type { Notes } from "../../shared/outbox/journal.ts";

export interface IrcVoiceOptions {
  readonly burst: number;
  readonly lineInterval: number;
  readonly clock: Clock;
  readonly notes: Notes;
}

/** The note of the network's name. */
const NETWORK = "irc network";

/**
 * The relay's voice on IRC: whatever session there is, it says messages in channels, each line no
 * longer than the server passes on whole and no faster than it bears.
 */
export class IrcVoice {
  readonly #options: IrcVoiceOptions;
  #session: IrcSession | undefined;
  #network: string | undefined;
  #sender: PacedSender | undefined;

  constructor(options: IrcVoiceOptions) {
    this.#options = options;
    this.#network = options.notes.note(NETWORK);
  }

  /** The network as it calls itself, or its server; undefined until this run or an earlier one has been there. */
  get network(): string | undefined {
    return this.#network;
  }

  /** Our nick on IRC; undefined while we are nowhere. */
  get nick(): string | undefined {
    return this.#session?.nick;
  }

  /**
   * Speaks over this session until it ends. When the signal aborts, nothing more is written, and what
   * was written is asked after at once: what is known to be said is not said again by the next start.
   */
  use(session: IrcSession, signal: AbortSignal): void {
    const { burst, lineInterval: intervalMs, clock, notes } = this.#options;
    const over = new AbortController();
    this.#session = session;
    this.#network = session.isupport.network ?? session.server;
    notes.setNote(NETWORK, this.#network);
    this.#sender = new PacedSender({
      session,
      clock,
      burst,
      intervalMs,
      signal: AbortSignal.any([over.signal, signal]),
    });
    void session.ended.then(() => {
      over.abort();
      if (this.#session === session) this.#session = this.#sender = undefined;
    });
  }

  /** How many bytes of text one line of ours in the channel can carry. */
  textBytes({ name: target }: IrcChannel): number {
    const { source, isupport } = this.#session ?? { source: "", isupport: initialIsupport };
    return textBytes({ source, command: "PRIVMSG", target, linelen: isupport.linelen });
  }

  /**
   * Says all lines of a message in a channel, and calls `written` when the first of them is handed to the
   * session. Its fate is that of the line that fared worst; without a line it is refused (412, as a server
   * would).
   */
  say(lines: readonly string[], channel: IrcChannel, written?: () => void): Promise<Fate> {
    const sender = this.#sender;
    if (lines.length === 0) return Promise.resolve({ refused: "412" });
    if (sender === undefined) return Promise.resolve("unsent");
    const over = channel.stay?.over;
    const said = lines.map((line, i) =>
      sender.say("PRIVMSG", channel.name, line, { over, written: i === 0 ? written : undefined }),
    );
    const [only] = said;
    // As a rule a message is one line.
    if (only !== undefined && said.length === 1) return only;
    return Promise.all(said).then(worstOf);
  }
}

function worstOf(fates: readonly Fate[]): Fate {
  const refused = fates.find((fate) => typeof fate === "object");
  if (refused !== undefined) return refused;
  const [first = "uncertain"] = fates;
  // A message that was said in part must not be said again.
  return fates.every((fate) => fate === first) ? first : "uncertain";
}

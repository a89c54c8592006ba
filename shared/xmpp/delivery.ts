import { z } from "zod";
import type { Fate } from "../outbox/drain.ts";
import type { Notes } from "../outbox/journal.ts";
import { readNote } from "../outbox/read-note.ts";
import { Bodies } from "./bodies.ts";
import { type Speech, sentBody } from "./wire/message.ts";

/** One message of ours. */
export interface Utterance {
  readonly id: string;
  readonly body: string;
}

const heardNote = z.array(z.tuple([z.string(), z.string()]));

interface Underway {
  /** When it was said, by the monotonic clock. */
  readonly at: number;
  readonly body: string;
  readonly settle: (fate: Fate) => void;
}

export interface DeliveryOptions {
  readonly notes: Notes;
  /** The note that keeps what the room has shown until somebody asks. */
  readonly name: string;
  /** What of a body stays the same when it is said again later. */
  readonly essence: (body: string) => string;
  /** Whether an id is one of those that we give. */
  readonly isOurId: (id: string) => boolean;
}

/**
 * What we say in one room and what becomes of it. A room reflects in order (XEP-0045 section 7.4), so
 * that what it passes over will not come any more.
 */
export class Delivery {
  /** What we said and have not heard back, oldest first. */
  readonly #underway = new Map<string, Underway>();
  /** The essence of what an earlier session or run said, as the room showed it. */
  readonly #heard: Bodies;
  #hasNewlyHeard = false;
  /** The essence of what was under way when a stay ended. */
  readonly #doubtful = new Bodies();
  readonly #options: DeliveryOptions;

  constructor(options: DeliveryOptions) {
    this.#options = options;
    this.#heard = new Bodies(readNote(options.notes, options.name, heardNote));
  }

  /** When the oldest message under way was said, in monotonic milliseconds. */
  get oldestAt(): number | undefined {
    return this.#underway.values().next().value?.at;
  }

  /** The ids of all messages under way, oldest first. */
  get underway(): readonly string[] {
    return [...this.#underway.keys()];
  }

  /** The body of a message under way. */
  bodyOf(id: string): string | undefined {
    return this.#underway.get(id)?.body;
  }

  /** A message is on its way from now on; resolves with its fate. */
  begin({ id, body }: Utterance, now: number): Promise<Fate> {
    return new Promise((settle) => {
      this.#underway.set(id, { at: now, body, settle });
    });
  }

  /** The room has reflected this. */
  confirmSpeech(speech: Speech): void {
    for (const id of idsOf(speech)) this.confirm(id);
  }

  /** The room has reflected what has this id. */
  confirm(id: string): void {
    if (!this.#underway.has(id)) return;
    for (const [said, { settle }] of this.#underway) {
      this.#underway.delete(said);
      settle(said === id ? "delivered" : SWALLOWED);
      if (said === id) return;
    }
  }

  /** This becomes of the message, if it is under way. */
  settle(id: string, fate: Fate): void {
    const underway = this.#underway.get(id);
    this.#underway.delete(id);
    underway?.settle(fate);
  }

  /** The room has answered a question that it was asked after these messages. */
  pass(ids: readonly string[]): void {
    for (const id of ids) this.settle(id, SWALLOWED);
  }

  /** Nobody can tell any more what became of what is under way. */
  end(): void {
    const underway = [...this.#underway];
    this.#underway.clear();
    for (const [id, { body, settle }] of underway) {
      this.#doubtful.add(id, this.#options.essence(body));
      settle("uncertain");
    }
  }

  /** The room shows this, which an earlier session may have said. */
  hear(speech: Speech): void {
    for (const id of idsOf(speech)) this.#heard.add(id, this.#essenceOf(speech));
    this.#hasNewlyHeard = true;
  }

  /**
   * Keeps what the room has shown: once the cursor has passed it, no archive tells it again. What is
   * kept in vain does no harm, because no two utterances have one id.
   */
  keepHeard(): void {
    if (!this.#hasNewlyHeard) return;
    this.#hasNewlyHeard = false;
    this.#options.notes.setNote(this.#options.name, JSON.stringify(this.#heard.all));
  }

  /** Whether the room has shown that an earlier session said this; says so once. */
  takeHeard({ id, body }: Utterance): boolean {
    if (!this.#heard.has(id, this.#options.essence(body))) return false;
    this.#heard.delete(id);
    return true;
  }

  /** Whether this was under way when an earlier stay ended, so that it comes late. */
  isDoubtful(speech: Speech): boolean {
    const essence = this.#essenceOf(speech);
    return idsOf(speech).some((id) => this.#doubtful.has(id, essence));
  }

  /** Whether an earlier stay or run may have said this. */
  knows(speech: Speech): boolean {
    return idsOf(speech).some(this.#options.isOurId) || this.isDoubtful(speech);
  }

  #essenceOf(speech: Speech): string {
    return this.#options.essence(sentBody(speech));
  }
}

const SWALLOWED: Fate = { refused: "swallowed by the room" };

/** A room may give each message an id of its own; then ours is in the origin-id (XEP-0359). */
function idsOf({ id, originId }: Speech): readonly string[] {
  return [id, originId].filter((each) => each !== undefined);
}

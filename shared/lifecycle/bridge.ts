import type { z } from "zod";
import type { Clock } from "../clock.ts";
import type { Section } from "../config/section.ts";
import type { XmppConfig } from "../config/sections.ts";
import type { Counters } from "../observe/counters.ts";
import type { LinkHealth } from "../observe/health.ts";
import type { Logger } from "../observe/logger.ts";
import type { Journal } from "../outbox/journal.ts";

/** What a bridge is given to work with. */
export interface BridgeContext {
  readonly xmpp: XmppConfig;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly log: Logger;
  readonly counters: Counters;
  readonly health: LinkHealth;
  readonly version: string;
  /** Aborts when the program is told to stop. */
  readonly signal: AbortSignal;
  /** Only see whether all links come up: take nothing in, say nothing. */
  readonly checkOnly: boolean;
}

export interface Bridge<S extends Section = Section> {
  /**
   * Runs until the context's signal aborts, leaves politely, and resolves. Rejects with a `FatalError`
   * when it cannot go on and waiting will not help.
   */
  run(context: BridgeContext, config: z.infer<S>): Promise<void>;
}

/** A bridge in the list of all: what it is called and needs, without the code that runs it. */
export interface BridgeEntry<S extends Section = Section> {
  readonly name: string;
  /** The bridge's own variables. It is configured when any of them is set. */
  readonly section: S;
  /** Brings the code and its libraries into memory: only for a bridge that is going to run. */
  load(): Promise<Bridge<S>>;
}

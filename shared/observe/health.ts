import { type Clock, systemClock } from "../clock.ts";
import type {
  DirectionReport,
  LinkReport,
  LinkState,
  OutboxProgress,
  OutboxReport,
  ServerReport,
  Snapshot,
} from "./snapshot.ts";

/** What shows that a link which is up really is. */
export interface Proof {
  /** The last sign of life from the far side, in monotonic milliseconds; undefined while there is none. */
  readonly at: () => number | undefined;
  /** After so long without one the link asks for it, or is given up, in milliseconds. */
  readonly everyMs: number;
}

/** A loop that brings a link up tells of its attempts here. */
export interface Attempts {
  /** An attempt begins. */
  begin(): void;
  /** The next attempt comes in so many milliseconds. */
  wait(ms: number): void;
  /** There is no attempt until further notice, because what the link stands on is down. */
  rest(): void;
}

/** A way from one place to another. */
export interface Direction {
  readonly name: string;
  /** The links that it cannot do without. */
  readonly needs: readonly string[];
  /** Its outbox: looked at whenever somebody wants to know, so that nothing is paid for in between. */
  readonly outbox: OutboxProgress;
}

/** A direction, and the link that stands in for all others of its bridge when that has failed. */
type DirectionOf = Direction & { readonly bridge: string };

interface Link {
  readonly state: LinkState;
  readonly since: number;
  attempts: number;
  attemptAt: number | undefined;
}

/** Where whoever keeps links tells how they stand. */
export interface LinkHealth {
  /** Says how a link stands from now on. */
  set(link: string, at: LinkState["at"], detail: string): void;
  /** Where the attempts to bring a link up are told. The link has to be there already. */
  attempts(link: string): Attempts;
  /** Says what proves from now on that a link which is up is alive. */
  prove(link: string, proof: Proof): void;
  /** Adds a direction. */
  direction(direction: Direction): void;
  /** Says who knows of the IRC servers. */
  servers(report: () => readonly ServerReport[]): void;
}

/**
 * How everything stands: the one thing that the service's status, its watchdog, its checks and its
 * people read. What changes seldom is told to it; what changes with every message it asks for.
 */
export class Health implements LinkHealth {
  readonly #clock: Clock;
  readonly #links = new Map<string, Link>();
  readonly #proofs = new Map<string, Proof>();
  readonly #directions: DirectionOf[] = [];
  readonly #watchers = new Set<() => void>();
  #servers: () => readonly ServerReport[] = () => [];
  #outbox: OutboxReport = { trouble: undefined, inMemoryOnly: 0 };

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  set(link: string, at: LinkState["at"], detail: string): void {
    const known = this.#links.get(link);
    if (known?.state.at === at && known.state.detail === detail) return;
    const now = this.#clock.now();
    const isNew = known?.state.at !== at;
    this.#links.set(link, {
      state: { at, detail },
      since: isNew ? now : known.since,
      attempts: at === "up" ? 0 : (known?.attempts ?? 0),
      attemptAt: isNew ? notBefore(now, known?.attemptAt) : known?.attemptAt,
    });
    this.#tellWatchers();
  }

  attempts(link: string): Attempts {
    const note = (more: number, inMs: number | undefined) => {
      const known = this.#links.get(link);
      if (known === undefined) return;
      known.attempts += more;
      known.attemptAt = inMs === undefined ? undefined : this.#clock.now() + inMs;
    };
    return {
      begin: () => note(1, 0),
      wait: (ms) => note(0, ms),
      rest: () => note(0, undefined),
    };
  }

  prove(link: string, proof: Proof): void {
    this.#proofs.set(link, proof);
  }

  /** The bridge that has failed holds all of its directions up. */
  direction(direction: Direction, bridge = ""): void {
    this.#directions.push({ ...direction, bridge });
  }

  servers(report: () => readonly ServerReport[]): void {
    this.#servers = report;
  }

  /** Says who knows of the outbox's disk: it is looked at whenever somebody wants to know. */
  outbox(outbox: OutboxReport): void {
    this.#outbox = outbox;
  }

  /** Puts one link that has failed in the place of others. */
  replace(links: Iterable<string>, failed: string, detail: string): void {
    for (const link of links) this.#links.delete(link);
    this.set(failed, "failed", detail);
  }

  links(): ReadonlyMap<string, LinkState> {
    return new Map([...this.#links].map(([name, { state }]) => [name, state]));
  }

  /** True when any link stands so. */
  has(at: LinkState["at"]): boolean {
    return [...this.#links.values()].some(({ state }) => state.at === at);
  }

  /** How everything stands just now. */
  snapshot(): Snapshot {
    const { trouble, inMemoryOnly } = this.#outbox;
    return {
      links: [...this.#links].map(([name, link]) => this.#reportLink(name, link)),
      directions: this.#directions.map((direction) => this.#reportDirection(direction)),
      servers: this.#servers(),
      outbox: { trouble, inMemoryOnly },
    };
  }

  /** Calls back after every change of a link; returns how to stop. */
  onChange(watcher: () => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /** Resolves as soon as this is so, or the signal aborts. */
  async until(isSo: () => boolean, signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const done = () => {
        stopWatching();
        signal.removeEventListener("abort", done);
        resolve();
      };
      const look = () => {
        if (isSo() || signal.aborted) done();
      };
      const stopWatching = this.onChange(look);
      signal.addEventListener("abort", done);
      look();
    });
  }

  /** One line for people: how many links are up, and what is wrong with the others. */
  summary(): string {
    const links = [...this.links()];
    const wrong = links.filter(([, { at }]) => at !== "up");
    const up = `${links.length - wrong.length} of ${links.length} links up`;
    return [up, ...wrong.map(([name, { at, detail }]) => `${name} ${at}: ${detail}`)].join("; ");
  }

  #reportLink(name: string, { state, since, attempts, attemptAt }: Link): LinkReport {
    const proof = this.#proofs.get(name);
    const provedAt = state.at === "up" ? proof?.at() : undefined;
    return {
      name,
      state,
      since,
      attempts,
      attemptAt: state.at === "down" ? attemptAt : undefined,
      proof:
        proof === undefined || provedAt === undefined
          ? undefined
          : // What was heard of an earlier session says nothing of this one, which is as old as its link.
            { at: Math.max(provedAt, since), everyMs: proof.everyMs },
    };
  }

  #reportDirection({ name, needs, bridge, outbox }: DirectionOf): DirectionReport {
    const { pending, oldestAt, lastDeliveredAt, stuckSince, fates } = outbox;
    const heldUpBy = this.#firstNotUp([bridge, ...needs]);
    return { name, heldUpBy, pending, oldestAt, lastDeliveredAt, stuckSince, fates: { ...fates } };
  }

  #firstNotUp(names: readonly string[]): string | undefined {
    for (const name of names) {
      const link = this.#links.get(name);
      if (link === undefined || link.state.at === "up") continue;
      return `${name} is ${link.state.at}: ${link.state.detail}`;
    }
    return undefined;
  }

  #tellWatchers(): void {
    for (const watcher of this.#watchers) watcher();
  }
}

/** The attempt that brought a link up is long over when it goes down: the next one counts from then on. */
function notBefore(now: number, attemptAt: number | undefined): number | undefined {
  return attemptAt === undefined ? undefined : Math.max(now, attemptAt);
}

/** Where one bridge tells how its links stand, which are links of the whole. */
export class BridgeHealth implements LinkHealth {
  readonly #bridge: string;
  readonly #whole: Health;
  readonly #links = new Set<string>();
  #hasFailed = false;

  constructor(bridge: string, whole: Health) {
    this.#bridge = bridge;
    this.#whole = whole;
  }

  set(link: string, at: LinkState["at"], detail: string): void {
    if (this.#hasFailed) return;
    this.#links.add(link);
    this.#whole.set(link, at, detail);
  }

  attempts(link: string): Attempts {
    return this.#whole.attempts(link);
  }

  prove(link: string, proof: Proof): void {
    this.#whole.prove(link, proof);
  }

  direction(direction: Direction): void {
    this.#whole.direction(direction, this.#bridge);
  }

  servers(report: () => readonly ServerReport[]): void {
    this.#whole.servers(report);
  }

  /**
   * The bridge cannot go on: in the whole, one link of its name that has failed stands in the place of
   * all its links from now on, because none of them is tried any more.
   */
  fail(detail: string): void {
    this.#hasFailed = true;
    this.#whole.replace(this.#links, this.#bridge, detail);
  }
}

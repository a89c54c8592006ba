/** How one link stands: a stream, a room, a server, a channel, a socket. */
export type LinkState =
  | { readonly at: "up"; readonly detail: string }
  /** Our own side is not there yet: until then nobody can reach us. */
  | { readonly at: "opening"; readonly detail: string }
  | { readonly at: "down"; readonly detail: string }
  /** Waiting will not heal it. */
  | { readonly at: "failed"; readonly detail: string };

/** How all links stand: the one thing that the service's status, its checks and its people read. */
export class Health {
  readonly #links = new Map<string, LinkState>();
  readonly #watchers = new Set<() => void>();

  /** Says how a link stands from now on. */
  set(link: string, at: LinkState["at"], detail: string): void {
    const known = this.#links.get(link);
    if (known?.at === at && known.detail === detail) return;
    this.#links.set(link, { at, detail });
    this.#tellWatchers();
  }

  /** Puts one link that has failed in the place of others. */
  replace(links: Iterable<string>, failed: string, detail: string): void {
    for (const link of links) this.#links.delete(link);
    this.#links.set(failed, { at: "failed", detail });
    this.#tellWatchers();
  }

  links(): ReadonlyMap<string, LinkState> {
    return this.#links;
  }

  /** True when any link stands so. */
  has(at: LinkState["at"]): boolean {
    return [...this.#links.values()].some((link) => link.at === at);
  }

  /** Calls back after every change; returns how to stop. */
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
    const links = [...this.#links];
    const wrong = links.filter(([, { at }]) => at !== "up");
    const up = `${links.length - wrong.length} of ${links.length} links up`;
    return [up, ...wrong.map(([name, { at, detail }]) => `${name} ${at}: ${detail}`)].join("; ");
  }

  #tellWatchers(): void {
    for (const watcher of this.#watchers) watcher();
  }
}

/** How the links of one bridge stand; each of them is a link of the whole as well. */
export class BridgeHealth extends Health {
  readonly #bridge: string;
  readonly #whole: Health;
  #hasFailed = false;

  constructor(bridge: string, whole: Health) {
    super();
    this.#bridge = bridge;
    this.#whole = whole;
  }

  override set(link: string, at: LinkState["at"], detail: string): void {
    if (this.#hasFailed) return;
    super.set(link, at, detail);
    this.#whole.set(link, at, detail);
  }

  /**
   * The bridge cannot go on: in the whole, one link of its name that has failed stands in the place of
   * all its links from now on, because none of them is tried any more.
   */
  fail(detail: string): void {
    this.#hasFailed = true;
    this.#whole.replace(this.links().keys(), this.#bridge, detail);
  }
}

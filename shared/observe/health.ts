/** How one link stands: a stream, a room, a server, a channel, a socket. */
export type LinkState =
  | { readonly at: "up"; readonly detail: string }
  | { readonly at: "down"; readonly detail: string }
  /** Waiting will not heal it. */
  | { readonly at: "failed"; readonly detail: string };

/** How all links stand: the one thing that the service's status, its checks and its people read. */
export class Health {
  readonly #links = new Map<string, LinkState>();
  #changed: () => void = () => {};

  /** Says how a link stands from now on. */
  set(link: string, at: LinkState["at"], detail: string): void {
    const known = this.#links.get(link);
    if (known?.at === at && known.detail === detail) return;
    this.#links.set(link, { at, detail });
    this.#changed();
  }

  links(): ReadonlyMap<string, LinkState> {
    return this.#links;
  }

  /** Calls back after every change; one listener. */
  onChange(changed: () => void): void {
    this.#changed = changed;
  }

  /** One line for people: how many links are up, and what is wrong with the others. */
  summary(): string {
    const links = [...this.#links];
    const wrong = links.filter(([, { at }]) => at !== "up");
    const up = `${links.length - wrong.length} of ${links.length} links up`;
    return [up, ...wrong.map(([name, { at, detail }]) => `${name} ${at}: ${detail}`)].join("; ");
  }
}

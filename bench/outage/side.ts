import type { RunningServer } from "../../cli/demo/servers/server-process.ts";
import type { Scope } from "../../shared/lifecycle/scope.ts";
import { Door } from "../../test/chaos/door.ts";
import type { Place } from "../bare/place.ts";
import type { Stage } from "../stage.ts";
import { Flow } from "./flow.ts";
import type { Outage } from "./options.ts";

export interface SideOptions {
  readonly server: RunningServer;
  /** By which relays come to the server. */
  readonly door: Door;
  readonly joinSpeaker: () => Promise<Place>;
  readonly joinListener: () => Promise<Place>;
}

/** A server with a place where one speaks and another one listens. */
export class Side {
  readonly server: RunningServer;
  readonly door: Door;
  /** What is said here. */
  readonly says = new Flow();
  readonly #options: SideOptions;
  #speaker: Place | undefined;

  constructor(options: SideOptions) {
    this.#options = options;
    this.server = options.server;
    this.door = options.door;
  }

  /** Lets both come in, to hear what is said on the other side. Resolves with the listener's place. */
  async enter(other: Side): Promise<Place> {
    const { joinSpeaker, joinListener } = this.#options;
    const [speaker, listener] = await Promise.all([joinSpeaker(), joinListener()]);
    other.says.listenIn(listener);
    this.#speaker = speaker;
    return listener;
  }

  /** Says the next number, if there is anybody to say it. */
  sayNext(): void {
    if (this.#speaker !== undefined) this.says.sayIn(this.#speaker);
  }

  /** The speaker's connection is about to break. */
  silence(): void {
    this.#speaker = undefined;
  }
}

/** Both sides of a stage. */
export async function openSides(
  stage: Stage,
  scope: Scope,
): Promise<Readonly<Record<Outage["server"], Side>>> {
  const { xmpp, irc } = stage;
  async function openDoor(port: number): Promise<Door> {
    const door = await Door.open(port);
    scope.defer(() => door.close());
    return door;
  }
  return {
    xmpp: new Side({
      server: xmpp,
      door: await openDoor(xmpp.port),
      joinSpeaker: () => stage.joinRoom("alice"),
      joinListener: () => stage.joinRoom("bob"),
    }),
    irc: new Side({
      server: irc,
      door: await openDoor(irc.port),
      joinSpeaker: () => stage.joinChannel("carol"),
      joinListener: () => stage.joinChannel("dave"),
    }),
  };
}

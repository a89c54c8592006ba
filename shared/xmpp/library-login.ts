import type { Client, LibraryElement } from "@xmpp/client";
import { MECHANISMS, type ProvingMechanism } from "./sasl.ts";

export const NS_SASL = "urn:ietf:params:xml:ns:xmpp-sasl";

/** Lets the library's client log in with our SASL mechanisms, and knows whether the server proved itself. */
export class LibraryLogin {
  #mechanism: ProvingMechanism | undefined;
  #isDone = false;

  constructor(client: Client) {
    client.saslFactory._mechs.length = 0;
    const created = (mechanism: ProvingMechanism) => {
      this.#mechanism = mechanism;
      return mechanism;
    };
    for (const { name, create } of MECHANISMS) {
      // The factory calls `new`; a constructor that returns an object hands that one out.
      client.saslFactory.use(name, function construct() {
        return created(create());
      } as unknown as new () => ProvingMechanism);
    }
  }

  /** The server has let us in and proved that it knows the password, where the mechanism asks for that. */
  get isDone(): boolean {
    return this.#isDone;
  }

  /** Reads the server's `<success/>`; false when it proves nothing. */
  succeed(success: LibraryElement): boolean {
    const finalMessage = Buffer.from(success.text(), "base64").toString("utf8");
    this.#isDone = this.#mechanism?.accepts(finalMessage) ?? false;
    return this.#isDone;
  }
}

/** Whether the features name a mechanism that we know. */
export function offersLogin(features: LibraryElement): boolean {
  const offered = features.getChild("mechanisms", NS_SASL)?.getChildren("mechanism") ?? [];
  return bestMechanism(offered.map((mechanism) => mechanism.text())) !== undefined;
}

/** The best of our mechanisms that is offered. */
export function bestMechanism(offered: readonly string[]): string | undefined {
  return MECHANISMS.find(({ name }) => offered.includes(name))?.name;
}

import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { freePort } from "../../cli/demo/servers/free-port.ts";
import { systemClock as clock } from "../../shared/clock.ts";

/** Ends what was imposed on a door. */
export type Lift = () => Promise<void>;

/** The way of bytes through a door: `in` to the server, `out` to the client. */
export type Way = "in" | "out";

const HOST = "127.0.0.1";
const LISTEN_TRIES = 50;
const LISTEN_PAUSE_MS = 100;

/**
 * A TCP port that leads to another one, as the network between a client and a server: it can be cut, it
 * can lose everything that goes through it, and there can be somebody else at its end. What is imposed
 * on it at the same time adds up.
 */
export class Door {
  readonly port: number;
  readonly #target: number;
  readonly #passages = new Set<Passage>();
  readonly #strangers = new Set<Socket>();
  readonly #refusals = new Set<symbol>();
  readonly #greetings = new Map<symbol, string | undefined>();
  readonly #holes = new Map<symbol, readonly Way[]>();
  #server: Server | undefined;

  private constructor(port: number, target: number) {
    this.port = port;
    this.#target = target;
  }

  /** Opens a door on a free port of 127.0.0.1. */
  static async open(target: number): Promise<Door> {
    const door = new Door(await freePort(), target);
    await door.#listen();
    return door;
  }

  /** How many clients are connected through it. */
  get used(): number {
    return this.#passages.size;
  }

  /** Breaks all connections, with a goodbye (FIN) or without one (RST). */
  cut(how: "fin" | "rst"): void {
    for (const passage of this.#passages) passage.end(how);
  }

  /** From now on connections are refused; those that are there stay. */
  async refuse(): Promise<Lift> {
    const mark = Symbol("refusal");
    this.#refusals.add(mark);
    this.#server?.close();
    this.#server = undefined;
    return async () => {
      this.#refusals.delete(mark);
      if (this.#refusals.size === 0) await this.#listen();
    };
  }

  /**
   * What goes these ways is lost in the network, on present connections and new ones, and nobody is
   * told. In the end it arrives, as TCP would send it again, unless who sent it has dropped the
   * connection by then.
   */
  swallow(ways: readonly Way[]): Lift {
    const mark = Symbol("hole");
    this.#holes.set(mark, ways);
    this.#applyHoles();
    return async () => {
      this.#holes.delete(mark);
      this.#applyHoles();
    };
  }

  /**
   * From now on somebody else answers: with this text and a goodbye, or, without a text, not at all.
   * Present connections stay.
   */
  answerWith(text: string | undefined): Lift {
    const mark = Symbol("greeting");
    this.#greetings.set(mark, text);
    return async () => {
      this.#greetings.delete(mark);
    };
  }

  /** Writes the text to all clients and closes their connections. */
  sayAndClose(text: string): void {
    for (const passage of this.#passages) passage.sayAndClose(text);
  }

  close(): void {
    this.#refusals.add(Symbol("closed"));
    this.#server?.close();
    for (const stranger of this.#strangers) stranger.destroy();
    this.cut("rst");
  }

  /** Somebody may have taken the port in the meantime, as the source of a connection: then we wait. */
  async #listen(): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) =>
        this.#admit(client),
      );
      try {
        server.listen({ port: this.port, host: HOST });
        await once(server, "listening");
        this.#server = server;
        return;
      } catch (error) {
        if (tries === LISTEN_TRIES) throw error;
        await clock.sleep(LISTEN_PAUSE_MS);
      }
    }
  }

  #admit(client: Socket): void {
    client.on("error", () => {}); // "close" follows
    if (this.#greetings.size > 0) return this.#answer(client, [...this.#greetings.values()].at(-1));
    const passage = new Passage(client, this.#target, () => this.#passages.delete(passage));
    this.#passages.add(passage);
    passage.swallow(this.#swallowed());
  }

  #answer(client: Socket, greeting: string | undefined): void {
    this.#strangers.add(client);
    client.on("close", () => this.#strangers.delete(client));
    client.on("end", () => client.end());
    // Who does not read does not notice when the client has gone.
    client.resume();
    if (greeting !== undefined) client.end(greeting);
  }

  #applyHoles(): void {
    for (const passage of this.#passages) passage.swallow(this.#swallowed());
  }

  #swallowed(): ReadonlySet<Way> {
    return new Set([...this.#holes.values()].flat());
  }
}

/** One connection through the door. */
class Passage {
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #ways: Readonly<Record<Way, OneWay>>;

  constructor(client: Socket, target: number, onEnd: () => void) {
    this.#client = client;
    this.#server = connect({ port: target, host: HOST, allowHalfOpen: true, noDelay: true });
    this.#server.on("error", () => {});
    this.#ways = {
      in: new OneWay(this.#client, this.#server),
      out: new OneWay(this.#server, this.#client),
    };
    let open = 2;
    for (const socket of [client, this.#server]) {
      socket.on("close", () => {
        open -= 1;
        if (open === 0) onEnd();
      });
    }
  }

  swallow(ways: ReadonlySet<Way>): void {
    this.#ways.in.swallow(ways.has("in"));
    this.#ways.out.swallow(ways.has("out"));
  }

  end(how: "fin" | "rst"): void {
    for (const socket of [this.#client, this.#server]) {
      if (how === "rst") socket.resetAndDestroy();
      else socket.destroySoon();
    }
  }

  sayAndClose(text: string): void {
    this.#client.end(text);
    this.#client.destroySoon();
    this.#server.resetAndDestroy();
  }
}

/** What one end of a connection sends to the other. */
class OneWay {
  readonly #to: Socket;
  readonly #lost: Buffer[] = [];
  #isHole = false;
  #end: "fin" | "rst" | undefined;

  constructor(from: Socket, to: Socket) {
    this.#to = to;
    from.on("data", (bytes) => {
      if (this.#isHole) this.#lost.push(bytes);
      else to.write(bytes);
    });
    from.on("end", () => this.#finish("fin"));
    from.on("error", () => this.#finish("rst"));
    from.on("close", () => this.#finish("fin"));
  }

  swallow(isHole: boolean): void {
    if (isHole === this.#isHole) return;
    this.#isHole = isHole;
    if (isHole) return;
    // Who has reset a connection sends nothing of it again.
    const arriving = this.#end === "rst" ? [] : this.#lost;
    for (const bytes of arriving) this.#to.write(bytes);
    this.#lost.length = 0;
    if (this.#end !== undefined) this.#close(this.#end);
  }

  #finish(how: "fin" | "rst"): void {
    if (this.#end !== undefined && how === "fin") return;
    this.#end = how;
    if (!this.#isHole) this.#close(how);
  }

  #close(how: "fin" | "rst"): void {
    if (how === "rst") this.#to.resetAndDestroy();
    else this.#to.end();
  }
}

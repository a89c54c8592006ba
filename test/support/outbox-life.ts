import { drain, type Fate, type Place } from "../../shared/outbox/drain.ts";
import { type Entry, Outbox, type ToDisk } from "../../shared/outbox/outbox.ts";
import { FakeClock } from "./fake-clock.ts";
import { FakeJournal } from "./fake-journal.ts";
import { silentLog } from "./silent-log.ts";

const QUEUE = "test";
const MOST_ENTRIES = 8;
const MOST_BYTES = 100;
const MOST_AGE = 10_000;
const LONGEST_VALUE = 30;
/** What a summary says. */
export const SUMMARY = /^(\d+) (too many|too old)$/;

/** What the world does to an outbox. Numbers say how much of what could happen does. */
export type Act =
  | { readonly act: "put"; readonly size: number; readonly hasId: boolean }
  | { readonly act: "late put"; readonly age: number }
  | { readonly act: "write" | "hear" | "answer"; readonly count: number }
  | { readonly act: "flush" | "sync" | "send" | "open" | "refuse" | "ask to wait" }
  | { readonly act: "cut" | "crash" | "stop"; readonly arrive: number }
  | { readonly act: "pass" | "jump"; readonly ms: number };

export interface Rules {
  readonly whenUncertain: "say-again" | "let-go";
  readonly toDisk: ToDisk;
  /** Whether what is said waits for its turn in the place. */
  readonly isPaced: boolean;
}

/** Something that was said in a stay and has no fate yet. */
interface Underway {
  readonly entry: Entry<string>;
  readonly written: () => void;
  readonly settle: (fate: Fate) => void;
  at: "waiting" | "handed" | "left" | "heard" | "answered";
  answer: Fate;
}

/**
 * A far side that hears in order what has left this process, with a memory of ids or without; and the
 * way there: what is handed to the session leaves only when the journal was flushed.
 */
class World {
  readonly heard: Entry<string>[] = [];
  /** The seqs of what was said, stay by stay. */
  readonly said: number[][] = [];
  readonly #refused = new Set<string>();
  /** What the far side could tell of when the stay began. */
  #known: ReadonlySet<string> = new Set();
  #underway: Underway[] = [];
  #run = 0;
  #stay: AbortController | undefined;
  #waiting: (() => void)[] = [];
  readonly #rules: Rules;
  /** Looks at each entry before it is said. */
  readonly #inspect: (entry: Entry<string>) => void;

  constructor(rules: Rules, inspect: (entry: Entry<string>) => void) {
    this.#rules = rules;
    this.#inspect = inspect;
  }

  /** The place for the next run of the process: what an earlier one still wants is not heard of. */
  place(): Place<string> {
    this.#run += 1;
    const run = this.#run;
    const inThisRun = <A>(act: () => Promise<A>) =>
      run === this.#run ? act() : new Promise<A>(() => {});
    return {
      stay: (signal) => inThisRun(() => this.#nextStay(signal)),
      say: (entry, written) => inThisRun(() => this.#say(entry, written)),
    };
  }

  async #nextStay(signal: AbortSignal) {
    while (this.#stay === undefined && !signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
    }
    return this.#stay && { over: this.#stay.signal };
  }

  #say(entry: Entry<string>, written: () => void): Promise<Fate> {
    this.#inspect(entry);
    this.said.at(-1)?.push(entry.seq);
    if (this.#known.has(entry.id)) return Promise.resolve("delivered");
    return new Promise((settle) => {
      this.#underway.push({ entry, written, settle, at: "waiting", answer: "delivered" });
      if (!this.#rules.isPaced) this.write(1);
    });
  }

  open(): void {
    if (this.#stay !== undefined) return;
    if (this.#rules.whenUncertain === "say-again") {
      this.#known = new Set(this.heard.map(({ id }) => id));
    }
    this.#stay = new AbortController();
    this.said.push([]);
    for (const wake of this.#waiting.splice(0)) wake();
  }

  write(count: number): void {
    for (const said of this.#first("waiting", count)) {
      said.written();
      said.at = "handed";
    }
  }

  /** What was handed over leaves. */
  send(journal: FakeJournal): void {
    journal.flush();
    for (const said of this.#first("handed")) said.at = "left";
  }

  hear(count: number): void {
    for (const said of this.#first("left", count)) {
      said.at = "heard";
      if (this.#refused.has(said.entry.id)) said.answer = { refused: "404" };
      else this.heard.push(said.entry);
    }
  }

  /** The far side will have the next one neither now nor ever. */
  refuse(): void {
    for (const { entry } of this.#first("left", 1)) this.#refused.add(entry.id);
    this.hear(1);
  }

  askToWait(): void {
    for (const said of this.#first("left", 1)) {
      said.at = "heard";
      said.answer = "later";
    }
  }

  answer(count: number): void {
    for (const said of this.#first("heard", count)) {
      said.at = "answered";
      said.settle(said.answer);
    }
    this.#underway = this.#underway.filter(({ at }) => at !== "answered");
  }

  /** The connection is gone. Some of what had left still arrives. */
  cut(arrive: number): void {
    this.hear(arrive);
    const underway = this.#underway.splice(0);
    this.#stay?.abort();
    this.#stay = undefined;
    for (const { at, settle } of underway) settle(at === "waiting" ? "unsent" : "uncertain");
  }

  /** The process is gone, and its connection with it. */
  crash(arrive: number): void {
    this.hear(arrive);
    this.#underway = [];
    this.#stay = undefined;
    this.#waiting = [];
  }

  #first(at: Underway["at"], count = Number.POSITIVE_INFINITY): readonly Underway[] {
    const all = this.#underway.filter((said) => said.at === at);
    return all.slice(0, count);
  }
}

/** An outbox and its drain in their world, from start to start. */
export class Life {
  readonly clock = new FakeClock();
  readonly world: World;
  journal = new FakeJournal();
  /** What happened on the way that never may. */
  readonly breaches: string[] = [];
  readonly #rules: Rules;
  /** When each value that may still be told was born, by the monotonic clock as this run knows it. */
  readonly #born = new Map<string, number>();
  #puts = 0;
  #outbox: Outbox<string>;
  #stop = new AbortController();
  #done: Promise<void> = Promise.resolve();

  constructor(rules: Rules) {
    this.#rules = rules;
    this.world = new World(rules, (entry) => this.#inspect(entry));
    this.#outbox = this.#start();
  }

  async perform(act: Act): Promise<void> {
    const { world, journal } = this;
    switch (act.act) {
      case "put":
        this.#put(act.size, act.hasId, this.clock.wallNow());
        break;
      case "late put":
        this.#put(0, true, this.clock.wallNow() - act.age);
        break;
      case "write":
      case "hear":
      case "answer":
        world[act.act](act.count);
        break;
      case "flush":
      case "sync":
        journal[act.act]();
        break;
      case "send":
        world.send(journal);
        break;
      case "open":
        world.open();
        break;
      case "refuse":
        world.refuse();
        break;
      case "ask to wait":
        world.askToWait();
        break;
      case "cut":
        world.cut(act.arrive);
        break;
      case "crash":
        world.crash(act.arrive);
        this.#restart();
        break;
      case "stop":
        this.#stop.abort();
        world.cut(act.arrive);
        await this.#done;
        journal.flush();
        this.#restart();
        break;
      case "pass":
        await this.clock.advance(act.ms);
        break;
      case "jump":
        this.clock.jump(act.ms);
        break;
    }
    await this.clock.advance(0);
    this.#checkBounds();
  }

  /** All goes well until nothing is left to say. */
  async finish(): Promise<void> {
    for (let round = 0; round < 100; round += 1) {
      this.world.open();
      this.world.write(100);
      this.journal.sync();
      this.world.send(this.journal);
      this.world.hear(100);
      this.world.answer(100);
      await this.clock.advance(round % 10 === 9 ? 30_000 : 0);
      const isDone =
        this.#outbox.pending === 0 && this.journal.note(`left out ${QUEUE}`) === undefined;
      if (isDone) break;
    }
    this.#expect("everything is settled in the end", this.#outbox.pending === 0);
    this.journal.flush();
  }

  #start(): Outbox<string> {
    const { clock, journal } = this;
    const outbox = new Outbox<string>({
      queue: QUEUE,
      journal,
      clock,
      log: silentLog,
      maxEntries: MOST_ENTRIES,
      maxBytes: MOST_BYTES,
      maxAgeMs: MOST_AGE,
      toDisk: this.#rules.toDisk,
      rememberIds: true,
      summarise: ({ count, why }) => `${count} ${why}`,
      describe: (text) => ({ nick: undefined, text }),
    });
    const settled = new Set<number>();
    this.#stop = new AbortController();
    this.#done = drain({
      outbox,
      place: this.world.place(),
      window: 5,
      whenUncertain: this.#rules.whenUncertain,
      clock,
      log: silentLog,
      signal: this.#stop.signal,
      onSettled: ({ seq }) => {
        this.#expect("an entry is settled once", !settled.has(seq));
        settled.add(seq);
      },
    });
    return outbox;
  }

  #restart(): void {
    this.journal = this.journal.restart();
    for (const { value, at } of this.journal.load(QUEUE)) {
      const age = Math.max(0, this.clock.wallNow() - at);
      this.#born.set(JSON.parse(value), this.clock.now() - age);
    }
    this.#outbox = this.#start();
  }

  #put(size: number, hasId: boolean, at: number): void {
    this.#puts += 1;
    const value = `#${this.#puts}${"x".repeat(size)}`;
    this.#born.set(value, this.clock.now() - Math.max(0, this.clock.wallNow() - at));
    this.#outbox.put(hasId ? value : undefined, value, at);
  }

  /** What is said is not too old, unless it may have been heard already. */
  #inspect({ seq, value }: Entry<string>): void {
    if (SUMMARY.test(value)) return;
    const row = this.journal.load(QUEUE).find((each) => each.seq === seq);
    const born = this.#born.get(value) ?? Number.NaN;
    const isYoung = this.clock.now() - born <= MOST_AGE;
    this.#expect("what is said anew is not too old", isYoung || row?.wasSaid === true);
  }

  #checkBounds(): void {
    const rows = this.journal.load(QUEUE).filter(({ value }) => !SUMMARY.test(JSON.parse(value)));
    const bytes = rows.reduce((sum, { value }) => sum + value.length, 0);
    this.#expect("there are not too many", rows.length <= MOST_ENTRIES);
    this.#expect("they are not too long", bytes < MOST_BYTES + LONGEST_VALUE);
    const kept = this.journal.load(QUEUE).length;
    this.#expect("the journal keeps what is pending", this.#outbox.pending === kept);
  }

  #expect(law: string, holds: boolean): void {
    if (!holds) this.breaches.push(law);
  }
}

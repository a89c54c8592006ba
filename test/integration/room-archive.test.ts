import { setTimeout as wait } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { startProsody } from "../../cli/demo/servers/prosody.ts";
import type { XmppServer, XmppServerOptions } from "../../cli/demo/servers/xmpp-server.ts";
import { systemClock } from "../../shared/clock.ts";
import type { Gap } from "../../shared/gap.ts";
import { Counters } from "../../shared/observe/counters.ts";
import { Health } from "../../shared/observe/health.ts";
import { drain } from "../../shared/outbox/drain.ts";
import type { Notes } from "../../shared/outbox/journal.ts";
import { Outbox } from "../../shared/outbox/outbox.ts";
import { readNote } from "../../shared/outbox/read-note.ts";
import type { CatchUpBounds } from "../../shared/xmpp/catch-up.ts";
import { connectXmpp } from "../../shared/xmpp/connection.ts";
import { Room } from "../../shared/xmpp/room.ts";
import type { XmppSession } from "../../shared/xmpp/session.ts";
import { cursor } from "../../shared/xmpp/wire/cursor.ts";
import { FakeJournal } from "../support/fake-journal.ts";
import { fakeNotes } from "../support/fake-notes.ts";
import { startEjabberd } from "../support/servers/ejabberd.ts";
import { silentLog } from "../support/silent-log.ts";
import { XmppUser } from "../support/users/xmpp-user.ts";

const USERS = { alice: "alice's", bob: "bob's", relay: "relay's" };
const OWNER = "test";
const PATIENCE = { timeout: 10_000, interval: 10 };
const numbered = (count: number, word = "line") =>
  Array.from({ length: count }, (_, n) => `${word} ${n}`);

const SERVERS = [
  ["Prosody", startProsody],
  ["ejabberd", startEjabberd],
] as const satisfies [string, (options: XmppServerOptions) => Promise<XmppServer>][];

/** One run of a program in the room: with the notes of an earlier one, the next run of that. */
class Run {
  readonly room: Room;
  readonly heard: string[] = [];
  readonly gaps: Gap[] = [];
  readonly #port: number;
  readonly #beforeWrite: (() => void) | undefined;
  #session: XmppSession | undefined;

  constructor(
    server: Pick<XmppServer, "port">,
    jid: string,
    {
      beforeWrite,
      ...options
    }: {
      readonly notes: Notes;
      readonly catchUp?: CatchUpBounds;
      readonly historySince?: () => number | undefined;
      readonly beforeWrite?: () => void;
    },
  ) {
    this.#port = server.port;
    this.#beforeWrite = beforeWrite;
    this.room = new Room({
      jid,
      nick: "relay",
      newRoom: "accept",
      historySince: () => undefined,
      owner: OWNER,
      clock: systemClock,
      log: silentLog,
      counters: new Counters(),
      health: new Health(),
      ...options,
    });
    this.room.onSpeech(({ speech, own, history }) => {
      if (!own && !history) this.heard.push(speech.body);
    });
    this.room.onReturn((gap) => this.gaps.push(gap));
  }

  /** Comes in; resolves when it can speak, and rejects when that takes too long. */
  async enter(): Promise<void> {
    const session = await connectXmpp(
      {
        jid: "relay@localhost",
        password: { reveal: () => USERS.relay },
        service: `xmpp://127.0.0.1:${this.#port}`,
        domain: "localhost",
        tls: "optional",
        version: "test",
        log: silentLog,
        counters: new Counters(),
        beforeWrite: () => this.#beforeWrite?.(),
      },
      AbortSignal.timeout(10_000),
    );
    this.#session = session;
    this.room.attach(session);
    const stay = await this.room.stay(AbortSignal.timeout(10_000));
    if (stay === undefined) throw new Error(`Cannot speak in ${this.room.jid}: no stay began`);
  }

  /** Loses its connection. */
  async cut(): Promise<void> {
    this.#session?.abandon("cut");
    await this.#session?.ended;
    await wait(0);
  }
}

describe.each(SERVERS)("on %s", (name, start) => {
  let server: XmppServer;
  let alice: XmppUser;
  let jid: string;
  const runs: Run[] = [];
  let rooms = 0;

  beforeAll(async () => {
    server = await start({ users: USERS });
  });

  afterAll(() => server.stop());

  afterEach(async () => {
    for (const run of runs.splice(0)) await run.cut();
    alice.close();
  });

  /** A new room, with alice in it as its owner. */
  async function openRoom(): Promise<void> {
    rooms += 1;
    jid = `room${rooms}@conference.localhost`;
    alice = await XmppUser.connect({ port: server.port, user: "alice", password: USERS.alice });
    await alice.join(jid, "alice");
  }

  function open(notes: Notes = fakeNotes(), catchUp?: CatchUpBounds): Run {
    const run = new Run(server, jid, catchUp === undefined ? { notes } : { notes, catchUp });
    runs.push(run);
    return run;
  }

  /** Resolves when everybody in the room has heard it. */
  async function say(...bodies: readonly string[]): Promise<void> {
    for (const body of bodies) alice.say(body);
    await alice.waitForMessage(bodies.at(-1) ?? "");
  }

  const hasHeard = (run: Run, body: string) =>
    vi.waitFor(() => expect(run.heard).toContain(body), PATIENCE);

  test("a thousand lines that were missed over a restart are heard in order, and then the others", async () => {
    await openRoom();
    const notes = fakeNotes();
    const first = open(notes);
    await first.enter();
    await say("heard");
    await hasHeard(first, "heard");
    await first.cut();
    const missed = numbered(1_000, "missed");
    await say(...missed);

    const second = open(notes, { maxAgeMs: 60_000, most: 2_000 });
    const live = numbered(300, "live");
    const entered = second.enter();
    for (const line of live) {
      alice.say(line);
      if (Math.random() < 0.2) await wait(1);
    }
    await entered;
    await hasHeard(second, "live 299");
    expect(second.heard).toEqual([...missed, ...live]);
    const [gap] = second.gaps;
    expect(gap).toMatchObject({ leftOut: 0, isComplete: true });
    expect(gap?.missed).toBeGreaterThanOrEqual(1_000);
  });

  test("nothing is missed and nothing is heard twice by who comes back at once", async () => {
    await openRoom();
    const run = open();
    for (let visit = 0; visit < 3; visit += 1) {
      await run.enter();
      await say(`heard ${visit}`);
      await hasHeard(run, `heard ${visit}`);
      await run.cut();
    }
    await run.enter();
    expect(run.heard).toEqual(numbered(3, "heard"));
    expect(run.gaps.map(({ missed, isComplete }) => [missed, isComplete])).toEqual(
      Array.from({ length: 3 }, () => [0, true]),
    );
  });

  test("what somebody says under our nick while we are away is heard", async () => {
    await openRoom();
    const notes = fakeNotes();
    const first = open(notes);
    await first.enter();
    await say("heard");
    await hasHeard(first, "heard");
    await first.cut();
    await alice.waitForPresence(({ nick, type }) => nick === "relay" && type === "unavailable");
    const { port } = server;
    const bob = await XmppUser.connect({ port, user: "bob", password: USERS.bob });
    await bob.join(jid, "relay");
    bob.say("not ours");
    await alice.waitForMessage("not ours");
    await bob.leave();
    bob.close();

    const second = open(notes);
    await second.enter();
    expect(second.heard).toEqual(["not ours"]);
    expect(second.gaps).toMatchObject([{ missed: 1, isComplete: true }]);
  });

  test("what is too much is counted, and the newest is heard", async () => {
    await openRoom();
    const run = open(fakeNotes(), { maxAgeMs: 60_000, most: 10 });
    await run.enter();
    await say("heard");
    await hasHeard(run, "heard");
    await run.cut();
    const missed = numbered(250, "missed");
    await say(...missed);
    await run.enter();
    expect(run.heard.slice(1)).toEqual(missed.slice(-10));
    expect(run.gaps).toMatchObject([{ missed: 10, leftOut: 240, isComplete: true }]);
  });

  test.each(["unknown", "longer than any id of ejabberd"])(
    "an archive that does not know the cursor tells what is new, and nothing twice (%s)",
    async (archived) => {
      await openRoom();
      const notes = fakeNotes();
      const first = open(notes);
      await first.enter();
      await say("older", "heard");
      await hasHeard(first, "heard");
      await first.cut();
      const cursorNote = `cursor ${OWNER} ${jid}`;
      const known = readNote(notes, cursorNote, cursor);
      expect(known?.archived).toMatch(/./);
      notes.setNote(cursorNote, JSON.stringify({ ...known, archived }));
      await say("missed");

      const second = open(notes);
      await second.enter();
      expect(second.heard).toEqual(["missed"]);
    },
  );

  test("in a room that was made anew, what was said in it is heard", async () => {
    await openRoom();
    const notes = fakeNotes();
    const first = open(notes);
    await first.enter();
    await say("heard");
    await hasHeard(first, "heard");
    await first.cut();
    await say("gone with the room");
    await alice.destroy();
    // Stamps name the second; and a room of ejabberd that is just ending answers nobody.
    await wait(1_000);
    await alice.join(jid, "alice");
    await say("missed");

    const second = open(notes);
    await second.enter();
    expect(second.heard).toEqual(["missed"]);
    // ejabberd's ids are times: it knows what comes after any of them.
    expect(second.gaps).toMatchObject([{ missed: 1, isComplete: name === "ejabberd" }]);
  });

  test("what is said between a kick and our return is told like all that we missed", async () => {
    await openRoom();
    const run = open();
    await run.enter();
    await say("heard");
    await hasHeard(run, "heard");
    await alice.kick("relay");
    await say("missed");
    await vi.waitFor(() => expect(run.gaps).toHaveLength(1), PATIENCE);
    await say("back");
    await hasHeard(run, "back");
    expect(run.heard).toEqual(["heard", "missed", "back"]);
    expect(run.gaps).toMatchObject([{ missed: 1, isComplete: true }]);
  });

  test("a name that somebody gives in the room's place misleads nobody", async () => {
    await openRoom();
    const run = open();
    await run.enter();
    await say("heard");
    alice.send(
      `<message to='${jid}' type='groupchat' id='f'><body>forged</body>` +
        `<stanza-id xmlns='urn:xmpp:sid:0' by='${jid}' id='99999999999999999999'/></message>`,
    );
    await hasHeard(run, "forged");
    await run.cut();
    await say("missed");
    await run.enter();
    expect(run.heard).toEqual(["heard", "forged", "missed"]);
    expect(run.gaps).toMatchObject([{ missed: 1, isComplete: true }]);
  });

  test("500 lines are said once each, though the program is killed again and again meanwhile", async () => {
    await openRoom();
    const lines = numbered(500);
    let journal = new FakeJournal();
    let kills = 0;
    const queue = "lines";
    for (let life = 0; life === 0 || journal.load(queue).length > 0; life += 1) {
      expect(life).toBeLessThan(50);
      const kill = new AbortController();
      const outbox = new Outbox<string>({
        queue,
        journal,
        clock: systemClock,
        log: silentLog,
        maxEntries: 1_000,
        maxBytes: 1_000_000,
        maxAgeMs: 60_000,
        rememberIds: false,
        toDisk: "when-said",
        summarise: ({ count }) => `${count} left out`,
        describe: (text) => ({ nick: undefined, text }),
      });
      if (life === 0) for (const line of lines) outbox.put(undefined, line);
      const alive = journal;
      const flush = () => alive.flush();
      const run = new Run(server, jid, {
        notes: journal,
        historySince: () => outbox.oldestAt,
        // Nothing leaves before it is written down, and what belongs together is written at once.
        beforeWrite: flush,
      });
      runs.push(run);
      const flushing = setInterval(flush, 0);
      const draining = drain<string>({
        outbox,
        place: {
          stay: (signal) => run.room.stay(signal),
          say: ({ id, value }, written) => run.room.say({ id, body: value }, written),
        },
        window: 200,
        whenUncertain: "say-again",
        clock: systemClock,
        log: silentLog,
        signal: kill.signal,
      });
      await run.enter();
      await vi.waitFor(
        () => expect(outbox.pending === 0 || outbox.pending < 450 - life * 40).toBe(true),
        { timeout: 10_000, interval: 1 },
      );
      clearInterval(flushing);
      if (outbox.pending === 0) alive.flush();
      // What happens from now on is not written any more.
      journal = alive.restart();
      kill.abort();
      await run.cut();
      await draining;
      kills += 1;
    }
    expect(kills).toBeGreaterThan(3);
    await vi.waitFor(() => expect(alice.messages).toHaveLength(lines.length), PATIENCE);
    await wait(300);
    expect(alice.messages.map(({ body }) => body)).toEqual(lines);
  });
});

describe.each(SERVERS)("on %s without archive", (_name, start) => {
  test("the history tells what was missed, and proves it as far as it goes back", async () => {
    const server = await start({ users: USERS, mam: false, history: 5 });
    const alice = await XmppUser.connect({
      port: server.port,
      user: "alice",
      password: USERS.alice,
    });
    const jid = "room@conference.localhost";
    const notes = fakeNotes();
    const runs: Run[] = [];
    const open = () => {
      const run = new Run(server, jid, { notes });
      runs.push(run);
      return run;
    };
    try {
      await alice.join(jid, "alice");
      const first = open();
      await first.enter();
      alice.say("heard");
      await vi.waitFor(() => expect(first.heard).toEqual(["heard"]), PATIENCE);
      await first.cut();
      for (const line of numbered(4, "missed")) alice.say(line);
      await alice.waitForMessage("missed 3");
      const second = open();
      await second.enter();
      expect(second.heard).toEqual(numbered(4, "missed"));
      await second.cut();
      for (const line of numbered(8, "more")) alice.say(line);
      await alice.waitForMessage("more 7");
      await second.enter();
      expect(second.heard.slice(4)).toEqual(numbered(8, "more").slice(-5));
      expect(second.gaps).toMatchObject([
        { missed: 4, isComplete: true },
        { missed: 5, isComplete: false },
      ]);
    } finally {
      for (const run of runs) await run.cut();
      alice.close();
      await server.stop();
    }
  });
});

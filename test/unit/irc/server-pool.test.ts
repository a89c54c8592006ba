import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { defaultPoolPolicy, type IrcServer, ServerPool } from "../../../shared/irc/server-pool.ts";
import type { RefusalCause } from "../../../shared/irc/wire/refusal.ts";
import { memoryJournal } from "../../../shared/outbox/memory-journal.ts";
import { FakeClock } from "../../support/fake-clock.ts";

const server = (name: string): IrcServer => ({
  host: `${name}.example.org`,
  port: 6697,
  tls: true,
});
const [a, b, c] = [server("a"), server("b"), server("c")];
const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

const causes: readonly RefusalCause[] = [
  "refused",
  "timeout",
  "dns",
  "tls",
  "throttled",
  "banned",
  "full",
  "login",
  "credentials",
  "closed",
];

function world(servers: readonly IrcServer[], random?: () => number) {
  const clock = new FakeClock(random === undefined ? {} : { random });
  const notes = memoryJournal();
  /** What the next run of the program begins with. */
  const restarted = () => new ServerPool({ servers, clock, notes });
  return { clock, notes, restarted, pool: restarted() };
}

/** Gives the values in turn, over and over. */
function cycle<T>(values: readonly T[], fallback: T): () => T {
  let i = 0;
  return () => values[i++ % values.length] ?? fallback;
}

/** Plays attempts that all fail until `ms` have passed; returns what was tried, and when. */
async function failFor(
  ms: number,
  { pool, clock }: ReturnType<typeof world>,
  causeOf: (server: IrcServer) => RefusalCause,
): Promise<{ server: IrcServer; at: number }[]> {
  const tried: { server: IrcServer; at: number }[] = [];
  const end = clock.now() + ms;
  while (clock.now() < end) {
    const next = pool.next();
    await clock.advance(next.waitMs);
    tried.push({ server: next.server, at: clock.now() });
    pool.failed(next.server, causeOf(next.server));
  }
  return tried;
}

describe("the choice", () => {
  test("next() gives the preferred server at once", () => {
    expect(world([a, b]).pool.next()).toEqual({ server: a, waitMs: 0 });
  });

  test("a dead first server costs no more than the spacing when the second is healthy", () => {
    const { pool: servers } = world([a, b]);
    servers.failed(servers.next().server, "refused");
    expect(servers.next()).toEqual({ server: b, waitMs: defaultPoolPolicy.spacingMs });
  });

  test("the preferred server is chosen again once its time is over", async () => {
    const { clock, pool: servers } = world([a, b]);
    servers.failed(a, "refused");
    await clock.advance(minute);
    servers.failed(b, "closed");
    expect(servers.next().server).toEqual(a);
  });

  test("the server that has just failed is not the next one while another is healthy", async () => {
    const { clock, pool: servers } = world([a, b]);
    servers.failed(a, "refused");
    await clock.advance(hour);
    expect(servers.next().server).toEqual(b);
    servers.failed(b, "full");
    expect(servers.next().server).toEqual(a);
  });

  test("a single server is given with the wait that it deserves", () => {
    const { pool: servers } = world([a]);
    servers.next();
    servers.failed(a, "full");
    expect(servers.next()).toEqual({ server: a, waitMs: minute * 1.05 });
  });

  test("with every server in quarantine the one that is free soonest is chosen", () => {
    const { pool: servers } = world([a, b, c]);
    servers.failed(a, "banned");
    servers.failed(b, "full");
    servers.failed(c, "throttled");
    expect(servers.next().server).toEqual(b);
  });

  test("with every server banned one is still tried every five minutes", async () => {
    const two = world([a, b]);
    const tried = await failFor(2 * hour, two, () => "banned");
    const gaps = tried.slice(1).map(({ at }, i) => at - (tried[i]?.at ?? 0));
    expect(Math.max(...gaps)).toBeLessThanOrEqual(5 * minute);
    expect(tried.length).toBeLessThanOrEqual(2 + (2 * hour) / (5 * minute));
  });

  test("a pool without servers is refused", () => {
    expect(() => world([])).toThrow(/none is configured/);
  });
});

describe("quarantine", () => {
  test.each([
    { cause: "banned", first: 30 * minute, most: 24 * hour },
    { cause: "throttled", first: 2 * minute, most: 30 * minute },
    { cause: "full", first: minute, most: minute },
    { cause: "tls", first: minute, most: 15 * minute },
    { cause: "dns", first: minute, most: 15 * minute },
    { cause: "login", first: minute, most: 5 * minute },
    { cause: "credentials", first: 5 * minute, most: hour },
  ] as const)("$cause doubles from its first term to its longest and is never cut short", (row) => {
    const { pool: servers } = world([a], () => 0);
    const terms = Array.from({ length: 12 }, () => {
      servers.failed(a, row.cause);
      return servers.status()[0]?.freeInMs;
    });
    expect(terms[0]).toBe(row.first);
    expect(terms[1]).toBe(Math.min(2 * row.first, row.most));
    expect(terms.at(-1)).toBe(row.most);
  });

  test("timeout and closed are one kind of weather and double together", () => {
    const { pool: servers } = world([a], () => 1);
    const waits = (["closed", "timeout", "closed", "timeout"] as const).map((cause) => {
      servers.failed(a, cause);
      return servers.status()[0]?.freeInMs;
    });
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000]);
  });

  test("a server that is not there is looked for again within two seconds, always", async () => {
    const gone = world([a], () => 1);
    const tried = await failFor(hour, gone, () => "refused");
    const gaps = tried.slice(1).map(({ at }, i) => at - (tried[i]?.at ?? 0));
    expect(gaps.slice(0, 4)).toEqual([500, 600, 1_200, 2_000]);
    expect(Math.max(...gaps)).toBe(2_000);
  });

  test("a ban is not cut short when its server is down as well", () => {
    const { pool: servers } = world([a], () => 0);
    servers.failed(a, "banned");
    servers.failed(a, "refused");
    expect(servers.status()[0]?.freeInMs).toBe(30 * minute);
  });

  test("a ban after many refusals begins with the first term of a ban", () => {
    const { pool: servers } = world([a], () => 0);
    for (let i = 0; i < 10; i += 1) servers.failed(a, "refused");
    servers.failed(a, "banned");
    expect(servers.status()[0]).toMatchObject({
      freeInMs: 30 * minute,
      cause: "banned",
      failures: 11,
    });
  });

  test("a server that is not in the pool is ignored", () => {
    const { pool: servers } = world([a]);
    servers.failed(b, "banned");
    servers.succeeded(b);
    expect(servers.status()).toEqual([{ server: a, freeInMs: 0, failures: 0, cause: undefined }]);
  });
});

describe("sessions", () => {
  const never = new AbortController().signal;

  test("a session that stayed up clears the record", async () => {
    const { clock, pool: servers } = world([a], () => 1);
    for (let i = 0; i < 10; i += 1) servers.failed(a, "refused");
    void servers.sessionBegan(a, never);
    await clock.advance(20_000);
    servers.sessionEnded(a, "connection closed");
    expect(servers.status()[0]).toEqual({
      server: a,
      freeInMs: 1_000,
      failures: 1,
      cause: "closed",
    });
  });

  test("a session that fell at once counts as one more failure", async () => {
    const { clock, pool: servers } = world([a], () => 1);
    for (let i = 0; i < 3; i += 1) {
      const over = new AbortController();
      void servers.sessionBegan(a, over.signal);
      over.abort();
      servers.sessionEnded(a, "connection closed");
    }
    await clock.advance(0);
    expect(servers.status()[0]).toMatchObject({ freeInMs: 4_000, failures: 3 });
  });

  test("a session that ended in a K-line puts its server in quarantine, however long it lasted", async () => {
    const { clock, pool: servers } = world([a], () => 0);
    void servers.sessionBegan(a, never);
    await clock.advance(day);
    servers.sessionEnded(a, "Closing Link: relay (K-Lined: spam)");
    expect(servers.status()[0]).toMatchObject({ freeInMs: 30 * minute, cause: "banned" });
  });
});

describe("a restart", () => {
  test.each([
    ["banned", 30 * minute],
    ["throttled", 2 * minute],
    ["full", minute],
    ["login", minute],
  ] as const)("does not end the quarantine of who is %s", async (cause, term) => {
    const { clock, pool, restarted } = world([a, b], () => 0);
    pool.failed(a, cause);
    await clock.advance(10_000);
    const servers = restarted();
    expect(servers.status()).toMatchObject([
      { server: a, cause, freeInMs: term - 10_000 },
      { server: b, freeInMs: 0 },
    ]);
  });

  test("goes on doubling where the last run stopped", () => {
    const { pool, restarted } = world([a], () => 0);
    pool.failed(a, "banned");
    const servers = restarted();
    servers.failed(a, "banned");
    expect(servers.status()[0]?.freeInMs).toBe(hour);
  });

  test.each(["refused", "timeout", "closed", "dns", "tls", "credentials"] as const)(
    "forgets %s",
    (cause) => {
      const { notes, pool, restarted } = world([a]);
      pool.failed(a, cause);
      expect(restarted().status()[0]).toMatchObject({ freeInMs: 0, failures: 0 });
      expect(notes.note("irc servers")).toBeUndefined();
    },
  );

  test("counts no failure of the last run as one of this run", () => {
    const { pool, restarted } = world([a]);
    pool.failed(a, "banned");
    expect(restarted().status()[0]?.failures).toBe(0);
  });

  test("forgets what a good session has cleared", () => {
    const { notes, pool, restarted } = world([a]);
    pool.failed(a, "banned");
    pool.succeeded(a);
    expect(notes.note("irc servers")).toBeUndefined();
    expect(restarted().status()[0]?.freeInMs).toBe(0);
  });

  test.each(["", "[", "null", '[{"host":"a.example.org"}]'])(
    "does not stumble over a note that reads %j",
    (note) => {
      const { notes, restarted } = world([a]);
      notes.setNote("irc servers", note);
      expect(restarted().status()).toMatchObject([{ freeInMs: 0 }]);
    },
  );

  test("forgets a ban that ended a day ago", () => {
    const { clock, pool, restarted } = world([a], () => 0);
    pool.failed(a, "banned");
    clock.jump(30 * minute + day + 1);
    const servers = restarted();
    servers.failed(a, "banned");
    expect(servers.status()[0]?.freeInMs).toBe(30 * minute);
  });

  test("with a clock that was set back waits no longer than the term", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -365 * day, max: 365 * day }),
        fc.integer({ min: 1, max: 10 }),
        (jump, strikes) => {
          const { clock, pool, restarted } = world([a], () => 0.999);
          for (let i = 0; i < strikes; i += 1) pool.failed(a, "throttled");
          clock.jump(jump);
          const [status] = restarted().status();
          const term = Math.min(30 * minute, 2 * minute * 2 ** (strikes - 1));
          expect(status?.freeInMs).toBeLessThanOrEqual(term);
        },
      ),
    );
  });

  test("without a quarantine of any use begins as ever", () => {
    const { notes, restarted } = world([a]);
    for (const text of ["{}", "null", '[{"host":"a"}]', '[{"host":"a","port":1,"cause":"x"}]']) {
      notes.setNote("irc servers", text);
      expect(restarted().next()).toEqual({ server: a, waitMs: 0 });
    }
  });
});

describe("no storm: attempts on one server", () => {
  test.each([
    ["refused", 120, 60],
    ["timeout", 15, 5],
    ["closed", 15, 5],
    ["dns", 1, 0.3],
    ["tls", 1, 0.3],
    ["full", 1, 1],
    ["throttled", 1, 0.3],
    ["login", 1, 0.3],
    ["credentials", 1, 0.3],
    ["banned", 1, 0.3],
  ] as const)("%s: at most %i in any minute, and %d on average", async (...row) => {
    const [cause, mostInMinute, usual] = row;
    // Low draws in a row are the worst that chance can do; a cycle stands for fair ones.
    const worst = await failFor(
      hour,
      world([a], () => 0),
      () => cause,
    );
    const fair = cycle([0.1, 0.9, 0.3, 0.7, 0.5], 0.5);
    const hours = await failFor(hour, world([a], fair), () => cause);
    const inMinuteFrom = (from: number) =>
      worst.filter(({ at }) => at >= from && at < from + minute).length;
    expect(Math.max(...worst.map(({ at }) => inMinuteFrom(at)))).toBeLessThanOrEqual(mostInMinute);
    expect(hours.length / 60).toBeLessThanOrEqual(usual);
  });
});

describe("laws, whatever the servers do and whatever chance says", () => {
  const draws = fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), {
    minLength: 1,
  });
  const answers = fc.array(fc.constantFrom(...causes), { minLength: 1 });

  test("attempts never follow each other within the spacing, and an hour holds a bounded number", async () => {
    await fc.assert(
      fc.asyncProperty(draws, answers, async (chances, fate) => {
        const servers = [a, b, c];
        const tried = await failFor(
          hour,
          world(servers, cycle(chances, 0)),
          cycle(fate, "refused"),
        );
        const gaps = tried.slice(1).map(({ at }, i) => at - (tried[i]?.at ?? 0));
        expect(Math.min(Infinity, ...gaps)).toBeGreaterThanOrEqual(
          defaultPoolPolicy.spacingMs - 1e-6,
        );
        expect(tried.length).toBeLessThanOrEqual(hour / defaultPoolPolicy.spacingMs + 1);
      }),
      { numRuns: 30 },
    );
  });

  test("every server is tried again within two days", async () => {
    await fc.assert(
      fc.asyncProperty(
        draws,
        fc.tuple(...[a, b, c].map(() => fc.constantFrom(...causes))),
        async (chances, fates) => {
          const three = world([a, b, c], cycle(chances, 0));
          const fateOf = new Map([a, b, c].map((s, i) => [s.host, fates[i] ?? "refused"]));
          await failFor(hour, three, ({ host }) => fateOf.get(host) ?? "refused");
          const later = await failFor(2 * day, three, () => "full");
          expect(new Set(later.map(({ server: { host } }) => host)).size).toBe(3);
        },
      ),
      { numRuns: 10 },
    );
  });

  test("the preferred server is chosen whenever it is healthy and has not just failed", async () => {
    const event = fc.record({
      of: fc.nat(2),
      cause: fc.constantFrom(...causes),
      passes: fc.nat(hour),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 50 }), async (events) => {
        const { clock, pool: servers } = world([a, b, c]);
        for (const { of, cause, passes } of events) {
          servers.failed([a, b, c][of] ?? a, cause);
          await clock.advance(passes);
          const [first, second] = servers.status().filter(({ freeInMs }) => freeInMs === 0);
          const hasJustFailed = first?.server === [a, b, c][of];
          const { server: chosen } = servers.next();
          const wanted = hasJustFailed ? (second ?? first) : first;
          expect(chosen).toEqual(wanted?.server ?? chosen);
        }
      }),
      { numRuns: 50 },
    );
  });
});

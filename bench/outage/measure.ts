import { systemClock as clock } from "../../shared/clock.ts";
import { Scope } from "../../shared/lifecycle/scope.ts";
import { measureStartUp } from "../measure/start-up.ts";
import { openStage } from "../stage.ts";
import { until } from "../until.ts";
import { type Account, accountFor, firstHeardAt, firstLiveAt } from "./account.ts";
import type { Flow } from "./flow.ts";
import type { Outage } from "./options.ts";
import type { Relay } from "./relays.ts";
import { openSides, type Side } from "./side.ts";

/** What an outage did to what a relay had to repeat. */
export interface OutageOutcome {
  /** What was said on the side that lived, while the other one was away. */
  readonly meanwhile: Account;
  /** All that was said on both sides: before, meanwhile and after. */
  readonly all: readonly Account[];
  /** From the server's return until anything is heard there; undefined when nothing was. */
  readonly openMs: number | undefined;
  /** ... until something is heard there that was said after the return. */
  readonly liveIntoMs: number | undefined;
  /** ... until something that was said there after the return is heard on the other side. */
  readonly liveOutOfMs: number | undefined;
  /** How long the listener waited for a server that has just started to let him in. */
  readonly listenerMs: number | undefined;
}

const PER_SECOND = 5;
const BEFORE_MS = 5_000;
const AFTER_MS = 10_000;
const LIVE_PATIENCE_MS = 90_000;
const LAST_PATIENCE_MS = 60_000;
const QUIET_MS = 10_000;

/** Lets people talk on both sides, from before the outage until all is heard or nothing comes any more. */
export async function measureOutage(
  { program }: Relay,
  outage: Outage,
  tell: (step: string) => void,
): Promise<OutageOutcome> {
  const scope = new Scope();
  try {
    tell("servers");
    const stage = await openStage({ xmpp: "prosody", ircd: "inspircd", archive: true }, scope);
    const sides = await openSides(stage, scope);
    const away = sides[outage.server];
    const alive = sides[outage.server === "xmpp" ? "irc" : "xmpp"];
    const listeners = await Promise.all([away.enter(alive), alive.enter(away)]);
    const ports = { xmpp: sides.xmpp.door.port, irc: sides.irc.door.port };
    const bridge = stage.startBridge(program, ports);
    for (const listener of listeners) await measureStartUp(bridge, listener);

    const talk = new AbortController();
    const talking = keepTalking([away, alive], talk.signal);
    await clock.sleep(BEFORE_MS);
    tell(`outage of ${outage.seconds} s`);
    const { goneAt, backAt, listenerMs } = await inflict(outage, away, alive);
    tell("the server is back");
    const isLive = () => [away, alive].every(({ says }) => firstLiveAt(says, backAt) !== undefined);
    await until(() => isLive() || !bridge.isRunning, LIVE_PATIENCE_MS);
    await clock.sleep(backAt + AFTER_MS - clock.now());
    talk.abort();
    await talking;
    tell("last words");
    await untilHeard([away.says, alive.says]);

    const after = (at: number | undefined) => (at === undefined ? undefined : at - backAt);
    return {
      meanwhile: accountFor(alive.says, { from: goneAt, until: backAt }),
      all: [accountFor(alive.says), accountFor(away.says)],
      openMs: after(firstHeardAt(alive.says, backAt)),
      liveIntoMs: after(firstLiveAt(alive.says, backAt)),
      liveOutOfMs: after(firstLiveAt(away.says, backAt)),
      listenerMs,
    };
  } finally {
    await scope.close();
  }
}

interface Absence {
  readonly goneAt: number;
  readonly backAt: number;
  readonly listenerMs?: number;
}

/**
 * Takes the server away and brings it back. What was killed knows nobody any more and a channel keeps
 * nothing: relays are let in when the listener is inside, at some moment of the second after, because
 * a server may welcome clients at full seconds only.
 */
async function inflict({ fault, seconds }: Outage, away: Side, alive: Side): Promise<Absence> {
  const { server, door } = away;
  if (fault === "frozen") {
    server.pause();
    const goneAt = clock.now();
    await clock.sleep(seconds * 1_000);
    server.resume();
    return { goneAt, backAt: clock.now() };
  }
  away.silence();
  const admit = await door.refuse();
  await server.kill9();
  const goneAt = clock.now();
  await clock.sleep(seconds * 1_000);
  await server.restart();
  const answersAt = clock.now();
  await away.enter(alive);
  const listenerMs = clock.now() - answersAt;
  await clock.sleep(clock.random() * 1_000);
  await admit();
  return { goneAt, backAt: clock.now(), listenerMs };
}

async function keepTalking(sides: readonly Side[], signal: AbortSignal): Promise<void> {
  const startedAt = clock.now();
  for (let count = 1; !signal.aborted; count += 1) {
    for (const side of sides) side.sayNext();
    await clock.sleep(startedAt + (count * 1_000) / PER_SECOND - clock.now(), signal);
  }
}

/** What is lost for good keeps us waiting, but not for long. */
async function untilHeard(flows: readonly Flow[]): Promise<void> {
  const since = clock.now();
  const isAllHeard = () => flows.every((flow) => accountFor(flow).lost === 0);
  const lastAt = () => Math.max(since, ...flows.map((flow) => flow.lastAt));
  await until(() => isAllHeard() || clock.now() - lastAt() > QUIET_MS, LAST_PATIENCE_MS);
}

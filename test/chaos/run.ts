import { systemClock as clock } from "../../shared/clock.ts";
import { errorMessage } from "../../shared/error-message.ts";
import { Scope } from "../../shared/lifecycle/scope.ts";
import { type Account, accountFor, type Span } from "./account.ts";
import { compareWithRecords, pendingOf } from "./answers.ts";
import { Chance } from "./chance.ts";
import { type Evidence, flowsOf } from "./flows.ts";
import { inflict } from "./inflict.ts";
import { type KindName, kindOf } from "./kinds.ts";
import { type Fault, schedule } from "./schedule.ts";
import { Site } from "./site.ts";
import { openStage, type Stage, type StageOptions } from "./stage.ts";

export interface RunOptions extends Omit<StageOptions, "scope"> {
  readonly seed: number;
  /** How long there are faults, in milliseconds. */
  readonly length: number;
  readonly kinds: readonly KindName[];
  /** Messages per second, all speakers together. */
  readonly rate: number;
  readonly socketPath: string;
  /** Told of each step. */
  readonly tell: (step: string) => void;
}

/** A fault that was inflicted: when it really began, and when it was repaired. */
interface Inflicted extends Span {
  readonly kind: KindName;
}

/** What a run has come to. */
export interface Outcome {
  readonly accounts: readonly Account[];
  readonly inflicted: readonly Inflicted[];
  /** Kinds of faults that need what this system does not offer. */
  readonly leftOut: readonly KindName[];
  /** Faults that found nothing to be inflicted on. */
  readonly missed: number;
  /** Longest single write of the site, in milliseconds. */
  readonly longestWrite: number;
  /** How many messages the program had not settled in the end; undefined when it did not say. */
  readonly pending: number | undefined;
  /** How often the program ended without being told to. */
  readonly deaths: number;
  /** How long after the last repair all was accounted for, in milliseconds. */
  readonly settledAfter: number;
}

const SPEAKERS = 3;
const START_MS = 60_000;
/** After the last repair everybody is heard again within this time, beside what a fault may take by its rules. */
const RETURN_MS = 120_000;
/** What is missing is told at most once a minute. */
const TELL_MS = 75_000;
const LULL_MS = 2_000;
const MOST_LULLS = 30;
const POLL_MS = 250;

/** Lets numbers flow while faults happen, and accounts for every one of them. */
export async function run(options: RunOptions): Promise<Outcome> {
  const scope = new Scope();
  try {
    return await runWithin(scope, options);
  } finally {
    await scope.close();
  }
}

async function runWithin(scope: Scope, options: RunOptions): Promise<Outcome> {
  const { tell, kinds, length, seed } = options;
  const stage = await openStage({ ...options, scope });
  const people = new AbortController();
  const staying = keepPeople(stage, people.signal);
  scope.defer(async () => {
    people.abort();
    await staying;
  });
  await Promise.all([stage.room.listener.inside(), stage.channel.listener.inside()]);

  tell("the people are in their places");
  stage.daemon.start();
  const talk = startTalk(stage, options);
  const show: Show = { stage, site: talk.site, inflicted: [], missed: 0, since: 0 };
  const isHeard = await eventually(() => isEverybodyHeard(show, 0), START_MS);
  if (!isHeard) throw new Error("The program did not carry a number each way within a minute");

  show.since = Date.now();
  const leftOut = kinds.filter((kind) => !canInflict(kind, options, stage));
  const faults = schedule({ seed, length, kinds: kinds.filter((kind) => !leftOut.includes(kind)) });
  tell(`all numbers arrive; ${faults.length} faults in ${Math.round(length / 1_000)} s begin`);
  const begin = clock.now();
  await Promise.all([
    clock.sleep(length),
    ...faults.map((fault) => inflictInTime(show, fault, { begin, tell })),
  ]);

  const repaired = Date.now();
  tell("no more faults; waiting until everybody is heard again");
  const recovery = Math.max(0, ...faults.map(({ kind }) => kindOf(kind).recovery ?? 0));
  const isBack = await eventually(() => isEverybodyHeard(show, repaired), RETURN_MS + recovery);
  await talk.stop();
  tell(`${isBack ? "everybody" : "not everybody"} is heard again; waiting for the last word`);
  await stage.room.readArchive();
  await eventually(() => accountsOf(show).every(isComplete), TELL_MS);
  await untilQuiet(stage);
  await eventually(async () => (await pendingOf(stage.controlSocket)) === 0, TELL_MS);
  const settledAfter = Date.now() - repaired;
  await stage.room.readArchive();
  const accounts = await Promise.all(
    accountsOf(show).map((account) => compareWithRecords(account, stage.controlSocket)),
  );
  const pending = await pendingOf(stage.controlSocket);
  await stage.daemon.terminate();
  return {
    accounts,
    inflicted: show.inflicted,
    leftOut,
    missed: show.missed,
    longestWrite: Math.max(0, ...talk.site.announced.map(({ ms }) => ms)),
    pending,
    deaths: stage.daemon.deaths,
    settledAfter,
  };
}

function canInflict(kind: KindName, { faketime }: RunOptions, { disk }: Stage): boolean {
  if (kind === "full-disk") return disk !== undefined;
  return kind !== "clock-jump" || faketime !== undefined;
}

/** A run that goes on. */
interface Show {
  readonly stage: Stage;
  readonly site: Site;
  readonly inflicted: Inflicted[];
  missed: number;
  /** When everything was in its place, in milliseconds since 1970. */
  since: number;
}

async function keepPeople({ room, channel }: Stage, signal: AbortSignal): Promise<void> {
  const everybody = [room.listener, channel.listener, room.speaker, channel.speaker];
  await Promise.all(everybody.map((person) => person.stay(signal)));
}

/** Everybody says numbers until the talk is stopped. */
function startTalk({ room, channel }: Stage, { seed, rate, socketPath }: RunOptions) {
  const pauseMs = (SPEAKERS * 1_000) / rate;
  const site = new Site({ socketPath, pauseMs, seed });
  const over = new AbortController();
  const chance = new Chance(seed + 1);
  const keepSaying = async (sayNext: () => void) => {
    while (!over.signal.aborted) {
      sayNext();
      await clock.sleep(pauseMs * chance.between(0.5, 1.5), over.signal);
    }
  };
  const talking = [keepSaying(() => room.sayNext()), keepSaying(() => channel.sayNext())];
  const stop = async () => {
    over.abort();
    await Promise.all([site.stop(), ...talking]);
  };
  return { site, stop };
}

async function inflictInTime(
  show: Show,
  { kind, at, until, draw }: Fault,
  { begin, tell }: { readonly begin: number; readonly tell: (step: string) => void },
): Promise<void> {
  const { stage } = show;
  await clock.sleep(begin + at - clock.now());
  const since = Date.now();
  stage.chronicle.add("chaos", `${kind} begins`);
  const repair = await inflict[kind](stage, draw).catch((error: unknown) => {
    show.missed += 1;
    stage.chronicle.add("chaos", `${kind} failed: ${errorMessage(error)}`);
    tell(`${kind} could not be inflicted: ${errorMessage(error)}`);
  });
  if (repair === undefined) return;
  await clock.sleep(Math.max(0, begin + until - clock.now()));
  stage.chronicle.add("chaos", `${kind} is being repaired`);
  await repair();
  show.inflicted.push({ kind, since, until: Date.now() });
  stage.chronicle.add("chaos", `${kind} is repaired`);
  tell(`${kind}, ${((Date.now() - since) / 1_000).toFixed(1)} s`);
}

/** Whether of every speaker a number said after this moment was heard wherever it should be. */
function isEverybodyHeard(show: Show, since: number): boolean {
  return flowsOf(evidenceOf(show)).every(({ said, heard }) => {
    const tags = new Set(said.map(({ tag }) => tag));
    return (
      [...tags].every((tag) => {
        const recent = new Set(
          said.filter((one) => one.tag === tag && one.at > since).map(({ number }) => number),
        );
        return heard.some((one) => one.tag === tag && recent.has(one.number));
      }) && tags.size > 0
    );
  });
}

function accountsOf(show: Show): readonly Account[] {
  return flowsOf(evidenceOf(show)).map(accountFor);
}

function evidenceOf({ stage, site, inflicted, since }: Show): Evidence {
  const { room, channel, daemon } = stage;
  return {
    announced: site.announced,
    room,
    channel,
    shifts: daemon.shifts,
    faults: inflicted,
    since,
    ircDeaths: inflicted.filter(({ kind }) => kind === "kill-irc").map((fault) => fault.since),
  };
}

function isComplete({ offences }: Account): boolean {
  return offences.every(({ what }) => what !== "undeclared lost");
}

/** Resolves when nothing was said in either place for a while. */
async function untilQuiet({ room, channel }: Stage): Promise<void> {
  const said = () => room.transcript.messages.length + channel.lines.length;
  for (let before = -1, tries = 0; said() !== before && tries < MOST_LULLS; tries += 1) {
    before = said();
    await clock.sleep(LULL_MS);
  }
}

async function eventually(
  isTrue: () => boolean | Promise<boolean>,
  withinMs: number,
): Promise<boolean> {
  const deadline = clock.now() + withinMs;
  while (!(await isTrue())) {
    if (clock.now() > deadline) return false;
    await clock.sleep(POLL_MS);
  }
  return true;
}

import { systemClock as clock } from "../../shared/clock.ts";
import { errorMessage } from "../../shared/error-message.ts";
import { Scope } from "../../shared/lifecycle/scope.ts";
import { type Account, accountFor, type Flow, type Span } from "./account.ts";
import { compareWithRecords, pendingOf } from "./answers.ts";
import { type Evidence, flowsOf } from "./flows.ts";
import { inflict } from "./inflict.ts";
import { type KindName, kindOf } from "./kinds.ts";
import type { Tag } from "./numbers.ts";
import { type Fault, schedule } from "./schedule.ts";
import type { Site } from "./site.ts";
import { openStage, type Stage, type StageOptions } from "./stage.ts";
import { startTalk } from "./talk.ts";

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
  const { tell, kinds } = options;
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
  const faults = schedule({ ...options, kinds: kinds.filter((kind) => !leftOut.includes(kind)) });
  tell(`all numbers arrive; ${faults.length} faults in ${options.length / 1_000} s begin`);
  await disturb(show, faults, options);

  const repairedAt = Date.now();
  tell("no more faults; waiting until everybody is heard again");
  const isBack = await eventually(() => isEverybodyHeard(show, repairedAt), longestReturn(faults));
  await talk.stop();
  tell(`${isBack ? "everybody" : "not everybody"} is heard again; waiting for the last word`);
  await settle(show);
  const settledAfter = Date.now() - repairedAt;
  return { ...(await conclude(show)), leftOut, settledAfter };
}

/** Inflicts every fault in its time. */
async function disturb(
  show: Show,
  faults: readonly Fault[],
  { length, tell }: RunOptions,
): Promise<void> {
  const begin = clock.now();
  await Promise.all([
    clock.sleep(length),
    ...faults.map((fault) => inflictInTime(show, fault, { begin, tell })),
  ]);
}

function longestReturn(faults: readonly Fault[]): number {
  return RETURN_MS + Math.max(0, ...faults.map(({ kind }) => kindOf(kind).recovery ?? 0));
}

/** Resolves when nothing is missing without a word, nothing more comes, and nothing waits; or in time. */
async function settle(show: Show): Promise<void> {
  const { room, channel, controlSocket } = show.stage;
  await room.readArchive();
  await eventually(() => accountsOf(show).every(isComplete), TELL_MS);
  const said = () => room.transcript.messages.length + channel.lines.length;
  for (let before = -1, tries = 0; said() !== before && tries < MOST_LULLS; tries += 1) {
    before = said();
    await clock.sleep(LULL_MS);
  }
  await eventually(async () => (await pendingOf(controlSocket)) === 0, TELL_MS);
}

/** Stops the program, and tells what became of everything. */
async function conclude(show: Show): Promise<Omit<Outcome, "leftOut" | "settledAfter">> {
  const { room, daemon, controlSocket } = show.stage;
  await room.readArchive();
  const accounts = await Promise.all(
    accountsOf(show).map((account) => compareWithRecords(account, controlSocket)),
  );
  const pending = await pendingOf(controlSocket);
  await daemon.terminate();
  return {
    accounts,
    inflicted: show.inflicted,
    missed: show.missed,
    longestWrite: Math.max(0, ...show.site.announced.map(({ ms }) => ms)),
    pending,
    deaths: daemon.deaths,
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

async function inflictInTime(
  show: Show,
  { kind, at, until, draw }: Fault,
  { begin, tell }: { readonly begin: number; readonly tell: (step: string) => void },
): Promise<void> {
  const { stage } = show;
  await clock.sleep(Math.max(0, begin + at - clock.now()));
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
    const tags = [...new Set(said.map(({ tag }) => tag))];
    return tags.length > 0 && tags.every((tag) => isHeardSince({ said, heard }, tag, since));
  });
}

function isHeardSince({ said, heard }: Pick<Flow, "said" | "heard">, tag: Tag, since: number) {
  const recent = said.filter((one) => one.tag === tag && one.at > since);
  const numbers = new Set(recent.map(({ number }) => number));
  return heard.some((one) => one.tag === tag && numbers.has(one.number));
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

import { systemClock as clock } from "../../shared/clock.ts";
import { Chance } from "./chance.ts";
import { Site } from "./site.ts";
import type { Stage } from "./stage.ts";

export interface TalkOptions {
  readonly seed: number;
  /** Numbers per second, all speakers together. */
  readonly rate: number;
  readonly socketPath: string;
}

/** A conversation of numbers. */
export interface Talk {
  readonly site: Site;
  /** Resolves when nobody says anything more. */
  stop(): Promise<void>;
}

const SPEAKERS = 3;

/** Lets everybody say numbers until the talk is stopped. */
export function startTalk(
  { room, channel }: Pick<Stage, "room" | "channel">,
  { seed, rate, socketPath }: TalkOptions,
): Talk {
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

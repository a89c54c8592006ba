import { parseArgs } from "node:util";
import { type KindName, kindNames } from "./kinds.ts";
import { type PlantName, plantNames } from "./plants.ts";

export interface Options {
  readonly seed: number;
  /** How long there are faults, in milliseconds. */
  readonly length: number;
  readonly kinds: readonly KindName[];
  /** Messages per second, all speakers together. */
  readonly rate: number;
  /** The compiled program. */
  readonly product: string;
  /** A bug to put into the program before it runs. */
  readonly plant: PlantName | undefined;
  /** Whether logs stay when all went well. */
  readonly keep: boolean;
}

const HELP = `npm run chaos -- [--seed 1] [--minutes 2 | --seconds 120] [--rate 5] [--faults kind,...]
                [--product DIRECTORY] [--plant bug] [--keep]

Kinds of faults: ${kindNames.join(", ")}
Bugs to plant: ${plantNames.join(", ")}`;

/** The command line was not understood; the message says what is right. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Reads the command line; throws a `UsageError` for anything that is not as it should be. */
export function readOptions(words: readonly string[]): Options {
  const { seed, minutes, seconds, rate, faults, product, plant, keep } = parse(words);
  return {
    seed: numberIn("seed", seed, { min: 0, max: 2 ** 32 - 1 }),
    length:
      seconds === undefined
        ? numberIn("minutes", minutes, { min: 0.1, max: 1_440 }) * 60_000
        : numberIn("seconds", seconds, { min: 5, max: 86_400 }) * 1_000,
    kinds:
      faults === undefined
        ? kindNames
        : faults.split(",").map((text) => nameIn("faults", text, kindNames)),
    rate: numberIn("rate", rate, { min: 0.1, max: 50 }),
    product,
    plant: plant === undefined ? undefined : nameIn("plant", plant, plantNames),
    keep,
  };
}

function parse(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      options: {
        seed: { type: "string", default: "1" },
        minutes: { type: "string", default: "2" },
        seconds: { type: "string" },
        rate: { type: "string", default: "5" },
        faults: { type: "string" },
        product: { type: "string", default: "dist" },
        plant: { type: "string" },
        keep: { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    throw usage(error instanceof Error ? error.message : String(error));
  }
}

function numberIn(
  name: string,
  text: string,
  { min, max }: { readonly min: number; readonly max: number },
): number {
  const value = Number(text);
  if (text.trim() !== "" && value >= min && value <= max) return value;
  throw usage(`--${name} should be a number from ${min} to ${max}`);
}

function nameIn<T extends string>(option: string, text: string, names: readonly T[]): T {
  const name = names.find((known) => known === text);
  if (name !== undefined) return name;
  throw usage(`--${option} should name what is listed below; there is no ${text}`);
}

function usage(problem: string): UsageError {
  return new UsageError(`${problem}\n\n${HELP}`);
}

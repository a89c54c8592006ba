import { z } from "zod";
import { askService } from "../../cli/ask-service.ts";
import type { Account, DeclaredLost } from "./account.ts";
import { formatNumber } from "./numbers.ts";

const Waiting = z.looseObject({ directions: z.array(z.looseObject({ pending: z.number() })) });

/** How many messages the running program has not settled, as it says itself; undefined when none runs. */
export async function pendingOf(socket: string): Promise<number | undefined> {
  const status = await askService(socket, "/status", Waiting);
  return status?.directions.reduce((sum, { pending }) => sum + pending, 0);
}

const Records = z.array(z.looseObject({ queue: z.string(), code: z.string() }));

/** A long absence is asked after here and there: the program searches all of its records each time. */
const MOST_OF_ABSENCES = 100;

/**
 * Asks the running program what it knows of the numbers that it declared lost (`saxbridge why`). One of
 * which its records tell otherwise was declared in vain.
 */
export async function compareWithRecords(account: Account, socket: string): Promise<Account> {
  const wrong: DeclaredLost[] = [];
  for (const one of toAskAfter(account.declaredLost)) {
    const records = (await askService(socket, questionAbout(one), Records)) ?? [];
    const codes = records
      .filter(({ queue }) => queue.startsWith(account.queue))
      .map(({ code }) => code);
    if (!agree(one, codes)) wrong.push(one);
  }
  return {
    ...account,
    declaredLost: account.declaredLost.filter((one) => !wrong.includes(one)),
    offences: [
      ...account.offences,
      ...wrong.map(({ tag, number, at }) => ({
        what: "not on record" as const,
        tag,
        number,
        saidAt: at,
        heardAt: [],
      })),
    ],
  };
}

/** Every number that a line counts; of those that were said in an absence, some. */
function toAskAfter(lost: readonly DeclaredLost[]): readonly DeclaredLost[] {
  const ofAbsences = lost.filter(({ line }) => line.count === undefined);
  const step = Math.ceil(ofAbsences.length / MOST_OF_ABSENCES);
  return [
    ...lost.filter(({ line }) => line.count !== undefined),
    ...ofAbsences.filter((_, i) => i % step === 0),
  ];
}

function questionAbout(one: DeclaredLost): string {
  return `/why?q=${encodeURIComponent(formatNumber(one))}`;
}

/** What came while the program was away is on no record; what it counts as lost has to be. */
function agree({ line }: DeclaredLost, codes: readonly string[]): boolean {
  return line.count === undefined ? !codes.includes("delivered") : codes.some(isLoss);
}

function isLoss(code: string): boolean {
  return /^(?:uncertain|expired|left out|refused)/.test(code);
}

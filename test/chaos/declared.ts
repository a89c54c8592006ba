import type { Span } from "./account.ts";

/** A line in which the program says that something is missing. */
export interface Declaration {
  /** The time of which it speaks, by the program's clock. */
  readonly shown: Span;
  /** How many messages it speaks of; undefined for all of that time. */
  readonly count: number | undefined;
  /** Which messages: those for the place of the line, those said there for the other side, announcements. */
  readonly of: "to here" | "from here" | "announced";
  readonly text: string;
}

/** What the line says is missing; empty for any other line. `heardAt` is when it was heard. */
export function readDeclarations(text: string, heardAt: number): readonly Declaration[] {
  return [...readGap(text), ...readRefusals(text), ...readLeftOut(text, heardAt)];
}

const TIME = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d`;
const PERIOD = String.raw`from (${TIME}) to ((?:\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d) UTC`;
const AWAY = new RegExp(`Away from (.+?) ${PERIOD}: (.*)`);
const REFUSED = new RegExp(String.raw`(\d+) messages? refused in .+? ${PERIOD}`);
const LEFT_OUT = /(\d+) (messages?|announcements?) since (\S+) (?:was|were) left out/;

function readGap(text: string): readonly Declaration[] {
  const [, place, from = "", to = "", what = ""] = AWAY.exec(text) ?? [];
  if (place === undefined) return [];
  const declare = (count: number | undefined): Declaration => ({
    shown: period(from, to),
    count,
    of: "to here",
    text,
  });
  const counts = [
    ...what.matchAll(/(\d+) messages?(?: from there)? (?:may not|left out)|(\d+) left out/g),
  ];
  return [
    ...(/what was said there meanwhile/.test(what) ? [declare(undefined)] : []),
    ...counts.map(([, count, other]) => declare(Number(count ?? other))),
  ];
}

function readRefusals(text: string): readonly Declaration[] {
  const [, count, from = "", to = ""] = REFUSED.exec(text) ?? [];
  if (count === undefined) return [];
  return [{ shown: period(from, to), count: Number(count), of: "from here", text }];
}

function readLeftOut(text: string, heardAt: number): readonly Declaration[] {
  const [, count, what, since] = LEFT_OUT.exec(text) ?? [];
  if (count === undefined || what === undefined || since === undefined) return [];
  const of = what.startsWith("announcement") ? "announced" : "to here";
  return [{ shown: { since: Date.parse(since), until: heardAt }, count: Number(count), of, text }];
}

/** The end has no date where it is that of the beginning. */
function period(from: string, to: string): Span {
  const end = to.includes("-") ? to : `${from.slice(0, 10)} ${to}`;
  return { since: parseUtc(from), until: parseUtc(end) };
}

function parseUtc(text: string): number {
  return Date.parse(`${text.replace(" ", "T")}Z`);
}

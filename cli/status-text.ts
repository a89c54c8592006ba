import type { Status } from "../shared/observe/status.ts";
import { isolateBidi, oneLine } from "../shared/text/clean.ts";
import { formatColumns } from "./columns.ts";
import { formatDuration } from "./duration-text.ts";

/** How everything stands, for people: what is wrong first. Colours are for a terminal only. */
export function formatStatus(status: Status, { colours }: { readonly colours: boolean }): string {
  const page: Page = { at: Date.parse(status.at), colours };
  const lines = [
    headline(status, page),
    ...status.troubles.map((trouble) => `  ${clean(trouble)}`),
    ...table("Links", status.links, (link) => linkRow(link, page)),
    ...table("Directions", status.directions, (direction) => directionRow(direction, page)),
    ...table("IRC servers", status.ircServers, (server) => serverRow(server, page)),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

interface Page {
  /** The moment that the page is about, in milliseconds since 1970. */
  readonly at: number;
  readonly colours: boolean;
}

function headline({ version, startedAt, troubles }: Status, page: Page): string {
  const verdict =
    troubles.length === 0
      ? paint("all is well", "green", page)
      : paint(troubles.length === 1 ? "1 trouble" : `${troubles.length} troubles`, "red", page);
  return `saxbridge ${clean(version)}, running for ${since(startedAt, page)}: ${verdict}`;
}

function table<T>(
  title: string,
  things: readonly T[],
  row: (thing: T) => readonly string[],
): readonly string[] {
  if (things.length === 0) return [];
  return ["", title, ...formatColumns(things.map(row)).map((line) => `  ${line}`)];
}

const STATE_COLOURS = { up: "green", opening: "yellow", down: "red", failed: "red" } as const;

function linkRow(link: Status["links"][number], page: Page): readonly string[] {
  const { name, state, detail, provedAt, attempts, attemptAt } = link;
  return [
    paint(state, STATE_COLOURS[state], page),
    clean(name),
    list([
      clean(detail),
      `for ${since(link.since, page)}`,
      provedAt && `heard ${since(provedAt, page)} ago`,
      attempts > 0 && `tried ${times(attempts)}`,
      attemptAt && isToCome(attemptAt, page) && `next in ${until(attemptAt, page)}`,
    ]),
  ];
}

function directionRow(direction: Status["directions"][number], page: Page): readonly string[] {
  const { name, heldUpBy, pending, oldestAt, lastDeliveredAt, fates } = direction;
  const isOpen = heldUpBy === undefined;
  return [
    isOpen ? paint("open", "green", page) : paint("held", "yellow", page),
    clean(name),
    list([
      heldUpBy && clean(heldUpBy),
      pending === 0 ? "none waits" : `${pending} wait`,
      oldestAt && `the oldest for ${since(oldestAt, page)}`,
      lastDeliveredAt && `last delivered ${since(lastDeliveredAt, page)} ago`,
      ...Object.entries(fates).map(([fate, count]) => `${count} ${clean(fate)}`),
    ]),
  ];
}

function serverRow(server: Status["ircServers"][number], page: Page): readonly string[] {
  const { name, failures, cause, freeAt } = server;
  const history = `failed ${times(failures)}${cause === undefined ? "" : `: ${clean(cause)}`}`;
  return [
    clean(name),
    failures === 0 ? "well" : list([history, freeAt && `left alone for ${until(freeAt, page)}`]),
  ];
}

const COLOURS = { green: 32, yellow: 33, red: 31 } as const;

function paint(text: string, colour: keyof typeof COLOURS, { colours }: Page): string {
  return colours ? `\u001b[${COLOURS[colour]}m${text}\u001b[0m` : text;
}

function since(moment: string, { at }: Page): string {
  return formatDuration(at - Date.parse(moment));
}

function until(moment: string, { at }: Page): string {
  return formatDuration(Date.parse(moment) - at);
}

function isToCome(moment: string, { at }: Page): boolean {
  return Date.parse(moment) > at;
}

/** Servers far away have a part in these words. */
function clean(text: string): string {
  return isolateBidi(oneLine(text));
}

function list(parts: readonly (string | false | undefined)[]): string {
  return parts.filter((part) => part !== false && part !== undefined).join(", ");
}

function times(count: number): string {
  return count === 1 ? "once" : `${count} times`;
}

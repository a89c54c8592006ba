import { isolateBidi, oneLine } from "../shared/text/clean.ts";
import { codeMeaning } from "./code-meaning.ts";
import { formatColumns } from "./columns.ts";
import { formatDuration } from "./duration-text.ts";

/** What became of one message. Times are milliseconds since 1970. */
export interface MessageFate {
  readonly queue: string;
  readonly id: string;
  readonly nick?: string | undefined;
  readonly takenAt: number;
  readonly at?: number | undefined;
  readonly code: string;
  readonly text?: string | undefined;
}

/** What became of messages, for people: a block each. */
export function formatFates(fates: readonly MessageFate[]): string {
  return fates.map(formatFate).join("\n");
}

function formatFate({ queue, id, nick, takenAt, at, code, text }: MessageFate): string {
  const rows = [
    ["direction", queue],
    ["id", id],
    ["from", nick],
    ["text", text],
    ["taken", utc(takenAt)],
    ["settled", at === undefined ? undefined : `${utc(at)}, ${after(at - takenAt)}`],
    ["fate", `${code}: ${codeMeaning(code)}`],
  ];
  const cells = rows.flatMap(([label = "", value]) =>
    // People have a part in all of it.
    value === undefined ? [] : [[label, isolateBidi(oneLine(value))]],
  );
  return formatColumns(cells)
    .map((line) => `${line}\n`)
    .join("");
}

/** To a tenth of a second: what was said at nearly the same time is told apart. */
function utc(at: number): string {
  return `${new Date(at).toISOString().slice(0, 21).replace("T", " ")} UTC`;
}

function after(ms: number): string {
  return ms < 2_000 ? `${Math.max(0, ms)} ms later` : `${formatDuration(ms)} later`;
}

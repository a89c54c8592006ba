import { pino } from "pino";
import { errorMessage } from "../error-message.ts";
import { lineWriter } from "./line-writer.ts";
import type { Fields, Logger } from "./logger.ts";

interface LogOptions {
  /** Events below this level are dropped before anything is formatted. */
  readonly level: "debug" | "info" | "warn" | "error";
  /** One JSON object a line for a journal, or one line to read for a terminal. */
  readonly format: "json" | "pretty";
  /** Pretty only: colours the level; for a terminal, never for a file. */
  readonly colours?: boolean;
  /** Takes each line with its line break; stderr when absent. */
  readonly write?: (line: string) => void;
}

const STDERR = 2;

/**
 * The log of the program. A line is written before the call returns, so that nothing is lost when the
 * process ends; no call throws, also not when the disk is full. Errors in fields appear with message, code
 * and cause, and with the stack at debug only.
 */
export function createLogger({ level, format, colours = false, write }: LogOptions): Logger {
  const destination = write === undefined ? lineWriter(STDERR, tellLost) : { write };
  const lines = pino(
    {
      level,
      // systemd knows process and host of every line already.
      base: null,
      messageKey: "event",
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    format === "json"
      ? destination
      : { write: (line: string) => destination.write(prettyLine(line, colours)) },
  );
  return bind(lines, {});

  function tellLost(count: number): void {
    lines.warn({ count }, "log lines lost");
  }
}

function bind(lines: pino.Logger, bound: Fields): Logger {
  const at = (level: "debug" | "info" | "warn" | "error") => (event: string, fields?: Fields) => {
    if (!lines.isLevelEnabled(level)) return;
    lines[level](printable({ ...bound, ...fields }, level === "debug"), event);
  };
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    child: (fields) => bind(lines, { ...bound, ...fields }),
  };
}

function printable(fields: Fields, withStack: boolean): Fields {
  const entries = Object.entries(fields).map(([name, value]) => [
    name,
    value instanceof Error ? describeError(value, withStack) : value,
  ]);
  return Object.fromEntries(entries);
}

/** What is worth a line of a chain of causes, which might be a ring. */
const DEEPEST_CAUSE = 4;

function describeError(error: Error, withStack: boolean, depth = 0): Fields {
  const { cause } = error;
  return {
    message: errorMessage(error),
    ...("code" in error && { code: error.code }),
    ...(cause instanceof Error &&
      depth < DEEPEST_CAUSE && { cause: describeError(cause, withStack, depth + 1) }),
    ...(withStack && { stack: error.stack }),
  };
}

const COLOURS: Readonly<Record<string, string>> = {
  debug: "\u001b[90m",
  info: "\u001b[32m",
  warn: "\u001b[33m",
  error: "\u001b[31m",
};
const PLAIN = "\u001b[0m";

/** `12:03:04 INFO  room joined  room=chat@conference.example.org nick=irc`, in local time. */
function prettyLine(json: string, colours: boolean): string {
  const { time, level, event, ...fields }: Record<string, unknown> = JSON.parse(json);
  const clock = new Date(String(time)).toTimeString().slice(0, 8);
  const word = String(level).toUpperCase().padEnd(5);
  const coloured = colours ? `${COLOURS[String(level)] ?? ""}${word}${PLAIN}` : word;
  const pairs = Object.entries(fields).map(([name, value]) => `${name}=${prettyValue(value)}`);
  const line = `${clock} ${coloured} ${String(event)}  ${pairs.join(" ")}`;
  return `${line.trimEnd()}\n`;
}

/** Bare when it is one visible word, else as JSON; an error as one sentence. */
function prettyValue(value: unknown): string {
  const plain = sentenceOf(value) ?? value;
  const bare = typeof plain === "string" && /^[^\s"=]+$/.test(plain);
  return (bare ? plain : JSON.stringify(plain)).replaceAll(UNSEEN, escaped);
}

/** `Cannot connect (ECONNREFUSED): the cause`, for what describeError() has made. */
function sentenceOf(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null || !("message" in value)) return undefined;
  const code = "code" in value ? ` (${String(value.code)})` : "";
  const cause = "cause" in value ? sentenceOf(value.cause) : undefined;
  return `${String(value.message)}${code}${cause === undefined ? "" : `: ${cause}`}`;
}

// What moves the cursor or turns the line around on a terminal: DEL, C1 controls (one of them begins
// an escape sequence), line separators and bidirectional marks. JSON leaves all of these as they are.
const UNSEEN = /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

import type { Line } from "./line.ts";

/** That the server did not pass on what we said, and why. */
export interface SpeechRefusal {
  /** The numeric, or `FAIL` with its code. */
  readonly code: string;
  /** Whom the line was for, when the server says so. */
  readonly target: string | undefined;
  /** The server asks us to wait: later the same line may pass. */
  readonly isTemporary: boolean;
}

/**
 * Reads the refusal of a PRIVMSG or NOTICE; undefined when the line is something else. A NOTICE may be
 * dropped without any (RFC 2812 section 3.3.2).
 */
export function readSpeechRefusal({ command, params }: Line): SpeechRefusal | undefined {
  const [, target] = params;
  if (WITH_TARGET.has(command) && target !== undefined) return refusal(command, target);
  if (WITHOUT_TARGET.has(command)) return refusal(command, undefined);
  // RPL_TRYAGAIN names the command that came too often.
  if (command === "263" && isSpeech(target)) return refusal(command, undefined);
  return command === "FAIL" ? readFail(params) : undefined;
}

/**
 * Reads the refusal of a PRIVMSG or NOTICE in the server's answer to just that line (IRCv3
 * labeled-response): there every error is about it, also one that nobody knows.
 */
export function readLabelledRefusal(line: Line): SpeechRefusal | undefined {
  const { command, params } = line;
  const isError = /^[45]\d\d$/.test(command);
  if (command === "FAIL") return refusal(`FAIL ${params[1] ?? ""}`, undefined);
  return readSpeechRefusal(line) ?? (isError ? refusal(command, undefined) : undefined);
}

// RPL_TRYAGAIN (RFC 2812 section 5.1), ERR_TARGETTOOFAST, and the code that Ergo gives.
const TEMPORARY: ReadonlySet<string> = new Set(["263", "439", "FAIL RATE_LIMITED"]);

function refusal(code: string, target: string | undefined): SpeechRefusal {
  return { code, target, isTemporary: TEMPORARY.has(code) };
}

// RFC 1459 section 6.1, RFC 2812 section 5.2, and what today's servers add. 437 is not among them: it
// names a channel too, but answers JOIN and NICK.
const WITH_TARGET: ReadonlySet<string> = new Set([
  "401", // ERR_NOSUCHNICK, also for channels that are gone
  "402", // ERR_NOSUCHSERVER
  "403", // ERR_NOSUCHCHANNEL
  "404", // ERR_CANNOTSENDTOCHAN
  "407", // ERR_TOOMANYTARGETS
  "408", // ERR_NOCOLORSONCHAN
  "413", // ERR_NOTOPLEVEL
  "414", // ERR_WILDTOPLEVEL
  "415", // ERR_BADMASK, on some servers: only who is registered may speak
  "439", // ERR_TARGETTOOFAST
  "477", // ERR_NEEDREGGEDNICK
  "486", // ERR_NONONREG
  "489", // ERR_SECUREONLYCHAN
  "492", // ERR_NOCTCP
  "531", // ERR_CANTSENDTOUSER
  "716", // RPL_TARGUMODEG: they ignore strangers
]);

const WITHOUT_TARGET: ReadonlySet<string> = new Set([
  "411", // ERR_NORECIPIENT
  "412", // ERR_NOTEXTTOSEND
  "417", // ERR_INPUTTOOLONG
]);

/** IRCv3 standard replies: `FAIL command code [context...] :description`. */
function readFail(params: readonly string[]): SpeechRefusal | undefined {
  const [command, code = "", ...rest] = params;
  if (!isSpeech(command)) return undefined;
  const [target] = rest.slice(0, -1);
  return refusal(`FAIL ${code}`, target);
}

function isSpeech(command: string | undefined): boolean {
  return command === "PRIVMSG" || command === "NOTICE";
}

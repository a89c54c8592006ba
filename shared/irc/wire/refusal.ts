import type { Line } from "./line.ts";

/**
 * Why a server is of no use to us just now. Each cause heals in its own time, so that the server pool
 * keeps away for as long as the cause deserves:
 * - `credentials`: it has looked at our password or certificate and will not have it;
 * - `login`: there was no logging in, as while the network's services are away.
 */
export type RefusalCause =
  | "refused"
  | "timeout"
  | "dns"
  | "tls"
  | "throttled"
  | "banned"
  | "full"
  | "login"
  | "credentials"
  | "closed";

/** What `connectIrc` rejects with: the class of the reason, and the reason in the server's own words. */
export class IrcRefusal extends Error {
  override readonly name = "IrcRefusal";
  readonly refusal: RefusalCause;

  constructor(refusal: RefusalCause, message: string, options?: ErrorOptions) {
    super(message, options);
    this.refusal = refusal;
  }
}

// No RFC gives ERROR a code, so the words are all there is. Order matters: "Too many connections
// (throttled)" is a throttle, and "K-Lined: reconnecting too fast" is a ban.
const phrases: readonly (readonly [RegExp, RefusalCause])[] = [
  [/\b[dgkqxz][-: ]?line|\ba(?:uto)?kill|\bbanned\b|blacklist|\bdnsbl\b|\bshun/i, "banned"],
  [/un?authori[sz]ed|not authori[sz]ed|not (?:welcome|permitted|allowed) (?:on|to)\b/i, "banned"],
  [/throttl|too fast|too quickly|slow down|try again in/i, "throttled"],
  [
    /server (?:is )?full|too many|no more connections|connection limit|max(?:imum)? .*(?:clients|connections)/i,
    "full",
  ],
  // Words are too weak a proof that a password is wrong.
  [/\bsasl\b|password|passwd/i, "login"],
  [/registration time|timed? ?out|timeout/i, "timeout"],
];

/**
 * The cause behind what a server says before it closes the link: the text of ERROR, as InspIRCd,
 * UnrealIRCd, ngIRCd and the ratbox family (EFnet, Libera) write it. Words nobody knows are "closed".
 */
export function refusalInWords(words: string): RefusalCause {
  return phrases.find(([pattern]) => pattern.test(words))?.[1] ?? "closed";
}

// RFC 1459 section 6.1 and the IRCv3 SASL specification; 466 is YOUWILLBEBANNED.
const numerics: ReadonlyMap<string, RefusalCause> = new Map([
  ["463", "banned"],
  ["464", "credentials"],
  ["465", "banned"],
  ["466", "banned"],
  ["902", "login"],
  ["904", "credentials"],
  ["905", "login"],
  ["906", "login"],
  ["908", "login"],
]);

/** What a line says about our being refused, or undefined when it is about something else. */
export function readRefusal(line: Line): IrcRefusal | undefined {
  const words = line.params.at(-1) || line.command;
  const cause = line.command === "ERROR" ? refusalInWords(words) : numerics.get(line.command);
  return cause === undefined ? undefined : new IrcRefusal(cause, words);
}

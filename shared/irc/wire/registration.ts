import { type Isupport, initialIsupport, readIsupport } from "./isupport.ts";
import { formatLine, type Line } from "./line.ts";
import { alternativeNick } from "./nick.ts";
import { IrcRefusal, readRefusal } from "./refusal.ts";

/** What we want of a server when we register with it. */
export interface RegistrationWish {
  readonly nick: string;
  /** Longest nick that the network is known to take, from an earlier session; undefined when unknown. */
  readonly knownNicklen: number | undefined;
  /** SASL mechanism; when there is one, we do not go on without having logged in. */
  readonly sasl: "PLAIN" | "EXTERNAL" | undefined;
}

/** How far the registration has come; after it, what the server goes on telling about itself. */
export interface Registration {
  readonly wish: RegistrationWish;
  /** The nick that we asked for last. */
  readonly asked: string;
  /** How many nicks have been refused. */
  readonly refusedNicks: number;
  /** Length within which other nicks are tried; undefined until one has been refused. */
  readonly nicklen: number | undefined;
  /** Capabilities of ours that the server offers, while it is still listing them. */
  readonly offered: ReadonlySet<string>;
  /** Capabilities that the server acknowledged. */
  readonly capabilities: ReadonlySet<string>;
  readonly loggedIn: boolean;
  /** Our nick as the server's welcome gave it; undefined before that. */
  readonly welcomed: string | undefined;
  readonly isupport: Isupport;
}

export type RegistrationEffect =
  /** Let the library see this line: it negotiates capabilities and SASL, and nothing else. */
  | { readonly do: "negotiate"; readonly line: string }
  | { readonly do: "ask-nick"; readonly nick: string }
  /** The server has let us in (001). */
  | { readonly do: "welcome" }
  /** The message of the day is over, and with it what the server says about itself. */
  | { readonly do: "ready" }
  /** Over: the server refused us, or would let us in without the login that we insist on. */
  | { readonly do: "refuse"; readonly refusal: IrcRefusal };

type Step = readonly [Registration, ...(readonly RegistrationEffect[])];

/**
 * Capabilities that serve a relay. The library would also ask for others whose lines only cost
 * (away-notify, account-notify, extended-join and so on), which is why it sees a filtered list.
 */
export const wantedCapabilities: ReadonlySet<string> = new Set([
  "account-tag",
  "batch",
  "cap-notify",
  "chghost",
  "echo-message",
  "labeled-response",
  "message-tags",
  "server-time",
]);

/** Asked for together or not at all: an echo without a label only costs, and so does the reverse. */
const ECHO: readonly string[] = ["echo-message", "labeled-response"];
/** With all of these the server tells what became of each line (IRCv3 labeled-response needs batch). */
export const confirmingCapabilities: readonly string[] = ["batch", ...ECHO];

/** More nicks than this are not tried: the server refuses us, not our nick. */
const MOST_NICKS = 20;
/** RFC 1459 section 1.2: what every server takes. */
const SAFE_NICKLEN = 9;

export function beginRegistration(wish: RegistrationWish): Registration {
  return {
    wish,
    asked: alternativeNick(wish.nick, 0, wish.knownNicklen),
    refusedNicks: 0,
    nicklen: wish.knownNicklen,
    offered: new Set(),
    capabilities: new Set(),
    loggedIn: false,
    welcomed: undefined,
    isupport: initialIsupport,
  };
}

/** One line's part in the registration. Most lines have none and give the same state back. Never throws. */
export function step(state: Registration, line: Line): Step {
  return handlers.get(line.command)?.(state, line) ?? [state];
}

type Handler = (state: Registration, line: Line) => Step;

const handlers: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  ["CAP", onCap],
  ["AUTHENTICATE", onAuthenticate],
  ["903", onLoggedIn],
  ["001", onWelcome],
  ["005", (state, { params }) => [{ ...state, isupport: readIsupport(state.isupport, params) }]],
  ["376", onEndOfMotd],
  ["422", onEndOfMotd],
  ["432", onNickRefused],
  ["433", onNickRefused],
  ["436", onNickRefused],
  ["437", onNickRefused],
  ["ERROR", (state, line) => [state, ...refusals(line)]],
  ...["463", "464", "465", "466"].map((numeric) => [numeric, onRefused] as const),
  ...["902", "904", "905", "906", "908"].map((numeric) => [numeric, onLoginRefused] as const),
]);

function onCap(state: Registration, line: Line): Step {
  const subcommand = line.params[1]?.toUpperCase();
  const names = words(line.params.at(-1) ?? "");
  const { capabilities } = state;
  if (subcommand === "DEL") {
    return [{ ...state, capabilities: without(capabilities, names) }];
  }
  if (subcommand === "ACK") {
    const next = { ...state, capabilities: acknowledged(capabilities, names) };
    return state.welcomed === undefined ? [next, negotiate(line)] : [next];
  }
  if (state.welcomed !== undefined) return [state];
  if (subcommand === "LS") return onOffer(state, line, names);
  if (subcommand !== "NAK") return [state];
  return names.includes("sasl")
    ? [state, noSasl("the server refuses SASL")]
    : [state, negotiate(line)];
}

/** CAP LS 302 may come in several lines, all but the last with `*` before the list. */
function onOffer(state: Registration, line: Line, names: readonly string[]): Step {
  const { sasl } = state.wish;
  const ours = names.filter((name) => isWanted(name, sasl));
  const offered = new Set([...state.offered, ...ours]);
  const next = { ...state, offered };
  const isLast = line.params[2] !== "*" || line.params.length === 3;
  const offer = [...offered].find((name) => bare(name) === "sasl");
  if (isLast && sasl !== undefined && !offersMechanism(offer, sasl)) {
    return [next, noSasl(`the server does not offer SASL ${sasl}`)];
  }
  const echo = isLast && confirmingCapabilities.every((name) => offered.has(name)) ? ECHO : [];
  const shown = [...ours.filter((name) => !ECHO.includes(name)), ...echo];
  const params = [...line.params.slice(0, -1), shown.join(" ")];
  return [next, negotiate({ ...line, params })];
}

function isWanted(name: string, sasl: string | undefined): boolean {
  return wantedCapabilities.has(bare(name)) || (sasl !== undefined && bare(name) === "sasl");
}

/** `sasl` alone (version 3.1) does not say which mechanisms; `sasl=PLAIN,EXTERNAL` (3.2) does. */
function offersMechanism(offer: string | undefined, mechanism: string): boolean {
  const list = offer?.split("=")[1]?.toUpperCase();
  return offer !== undefined && (list === undefined || list.split(",").includes(mechanism));
}

function acknowledged(
  capabilities: ReadonlySet<string>,
  names: readonly string[],
): ReadonlySet<string> {
  const dropped = names.filter((name) => name.startsWith("-")).map((name) => name.slice(1));
  const added = names.filter((name) => !name.startsWith("-"));
  return without(new Set([...capabilities, ...added]), dropped);
}

function without(set: ReadonlySet<string>, names: readonly string[]): ReadonlySet<string> {
  return new Set([...set].filter((name) => !names.includes(name)));
}

function onAuthenticate(state: Registration, line: Line): Step {
  // Asked for without cause it makes the library throw, or give our password away unasked.
  const isOurs = state.wish.sasl !== undefined && state.capabilities.has("sasl");
  return isOurs && state.welcomed === undefined ? [state, negotiate(line)] : [state];
}

function onLoggedIn(state: Registration, line: Line): Step {
  if (state.welcomed !== undefined) return [state];
  return [{ ...state, loggedIn: true }, negotiate(line)];
}

function onWelcome(state: Registration, line: Line): Step {
  if (state.welcomed !== undefined) return [state];
  // An older server may have skipped the whole negotiation; unknown users must not speak as us.
  if (state.wish.sasl !== undefined && !state.loggedIn) {
    return [state, noSasl("the server let us in without SASL login")];
  }
  return [{ ...state, welcomed: line.params[0] || state.asked }, { do: "welcome" }];
}

function onEndOfMotd(state: Registration): Step {
  return state.welcomed === undefined ? [state] : [state, { do: "ready" }];
}

function onNickRefused(state: Registration, line: Line): Step {
  if (state.welcomed !== undefined) return [state];
  if (state.refusedNicks >= MOST_NICKS) {
    const refusal = new IrcRefusal("closed", `no nick like ${state.wish.nick} is free`);
    return [state, { do: "refuse", refusal }];
  }
  const nicklen = state.nicklen ?? nicklenShownBy(state, line);
  let refusedNicks = state.refusedNicks;
  let asked = alternativeNick(state.wish.nick, refusedNicks, nicklen);
  // Attempt 0 is the wanted nick; it differs from what was asked for only when that was too long.
  if (asked === state.asked) {
    refusedNicks += 1;
    asked = alternativeNick(state.wish.nick, refusedNicks, nicklen);
  }
  const next = { ...state, asked, nicklen, refusedNicks: refusedNicks + 1 };
  return [next, { do: "ask-nick", nick: asked }];
}

/** A server that names our whole nick as taken would have taken its length; any takes nine characters. */
function nicklenShownBy(state: Registration, line: Line): number {
  const isWhole = line.command === "433" && line.params[1] === state.asked;
  return isWhole ? Math.max(SAFE_NICKLEN, state.asked.length) : SAFE_NICKLEN;
}

/** Once we are in, the same numerics answer something else, such as OPER (464). */
function onRefused(state: Registration, line: Line): Step {
  return state.welcomed === undefined ? [state, ...refusals(line)] : [state];
}

function onLoginRefused(state: Registration, line: Line): Step {
  return state.wish.sasl === undefined ? [state] : onRefused(state, line);
}

function refusals(line: Line): readonly RegistrationEffect[] {
  const refusal = readRefusal(line);
  return refusal === undefined ? [] : [{ do: "refuse", refusal }];
}

function noSasl(message: string): RegistrationEffect {
  return { do: "refuse", refusal: new IrcRefusal("login", message) };
}

function negotiate({ command, params }: Line): RegistrationEffect {
  // The library takes the server's name for its own use only, so the source is left out.
  return { do: "negotiate", line: formatLine(command, params) };
}

function words(list: string): readonly string[] {
  return list.split(" ").filter((word) => word !== "");
}

function bare(capability: string): string {
  return capability.split("=", 1)[0] ?? capability;
}

import { type Casemapping, sameName } from "./casemapping.ts";
import type { Line } from "./line.ts";
import { nickOf, parseSource } from "./source.ts";

/** Who we are on the network, as far as the server has told. */
export interface Self {
  readonly nick: string;
  readonly user: string | undefined;
  readonly host: string | undefined;
  /** The account that services know us by; undefined while we are not logged in. */
  readonly account: string | undefined;
}

/**
 * What a line tells about ourselves: our own JOIN and NICK show our `user@host` as others see it,
 * CHGHOST (IRCv3) changes it, and so does RPL_HOSTHIDDEN (396); RPL_LOGGEDIN (900) and RPL_LOGGEDOUT
 * (901, both IRCv3 SASL) tell of our account. Any other line gives `self` back.
 */
export function followSelf(self: Self, line: Line, casemapping: Casemapping): Self {
  const follow = followers.get(line.command);
  if (follow === undefined) return self;
  return follow({ self, line, isOurs: (name) => sameName(name, self.nick, casemapping) });
}

interface Context {
  readonly self: Self;
  readonly line: Line;
  readonly isOurs: (name: string) => boolean;
}

const followers: ReadonlyMap<string, (context: Context) => Self> = new Map([
  ["JOIN", fromSource],
  ["NICK", onNick],
  ["CHGHOST", onChghost],
  ["396", onHostHidden],
  ["900", onLoggedIn],
  ["901", ({ self }) => (self.account === undefined ? self : { ...self, account: undefined })],
]);

function fromSource({ self, line, isOurs }: Context): Self {
  const { nick, user = self.user, host = self.host } = parseSource(line.source ?? "");
  return isOurs(nick) ? { ...self, nick, user, host } : self;
}

function onNick(context: Context): Self {
  const before = fromSource(context);
  const nick = context.line.params[0];
  return before === context.self || !nick ? context.self : { ...before, nick };
}

function onChghost({ self, line, isOurs }: Context): Self {
  const [user, host] = line.params;
  return isOurs(nickOf(line.source)) && user && host ? { ...self, user, host } : self;
}

/** Some servers write `user@host` here, most the host alone. */
function onHostHidden({ self, line, isOurs }: Context): Self {
  const [nick, shown] = line.params;
  if (nick === undefined || !isOurs(nick) || !shown) return self;
  const at = shown.lastIndexOf("@");
  return { ...self, user: at === -1 ? self.user : shown.slice(0, at), host: shown.slice(at + 1) };
}

/** `900 me nick!user@host account :words`; nobody else's login is told this way. */
function onLoggedIn({ self, line }: Context): Self {
  const [, , account, ...words] = line.params;
  return account && words.length > 0 ? { ...self, account } : self;
}

/** HOSTLEN of every server in use (RFC 2812 section 2.3.1 takes it from RFC 952). */
const LONGEST_HOST = 63;
/** USERLEN is 10 or so; the `~` of an unproved ident is part of it. */
const LONGEST_USER = 12;

/**
 * Our `nick!user@host`. What the server has not told is filled up to the longest that it can be, so
 * that a line measured with it is never too long.
 */
export function sourceOf({ nick, user, host }: Self, username: string): string {
  const longestUser = `~${username}`.padEnd(LONGEST_USER, "x");
  return `${nick}!${user ?? longestUser}@${host ?? "x".repeat(LONGEST_HOST)}`;
}

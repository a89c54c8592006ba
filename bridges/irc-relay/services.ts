import type { Clock } from "../../shared/clock.ts";
import { allowedNick } from "../../shared/irc/nick-keeper.ts";
import type { IrcSession } from "../../shared/irc/session.ts";
import { sameName } from "../../shared/irc/wire/casemapping.ts";
import type { Line } from "../../shared/irc/wire/line.ts";
import { nickOf } from "../../shared/irc/wire/source.ts";

export interface ServicesOptions {
  readonly nickservPassword: { reveal(): string } | undefined;
  /** The nick of the configuration. */
  readonly wanted: string;
  /** Longest wait in milliseconds; 0 for none. */
  readonly patience: number;
  readonly clock: Clock;
}

/**
 * Identifies to NickServ where a password is configured, and waits until services know us or patience
 * ends, so that channels for registered nicks let us in (477). Where SASL has logged us in there is
 * nothing to do. Never rejects.
 *
 * Services that know nicks rather than accounts know us under the wanted nick only: for as long as
 * the session lasts, they are told again each time that we get it. Whoever has the nick NickServ is
 * told the password; on a network without services that may be anybody.
 */
export async function identify(session: IrcSession, options: ServicesOptions): Promise<void> {
  const { nickservPassword, patience, clock } = options;
  const wanted = allowedNick(options.wanted, session);
  const known = new AbortController();
  const tell = () => {
    if (nickservPassword === undefined || session.account !== undefined) return;
    session.send("PRIVMSG", "NickServ", `IDENTIFY ${nickservPassword.reveal()}`);
  };
  const deafen = session.onLine((line) => {
    if (isWelcome(line)) known.abort();
    if (isOurNewNick(wanted, line, session)) tell();
  });
  void session.ended.then(deafen);
  if (session.account !== undefined) known.abort();
  tell();
  await Promise.race([clock.sleep(patience, known.signal), session.ended]);
  if (nickservPassword === undefined) deafen();
}

function isOurNewNick(wanted: string, { command, params }: Line, session: IrcSession): boolean {
  if (command !== "NICK" || !session.isMe(params[0] ?? "")) return false;
  return sameName(session.nick, wanted, session.isupport.casemapping);
}

/** What services of all families say when they know somebody; Atheme and Anope give 900 as well. */
const IDENTIFIED = /\b(?:now identified|password accepted|you are now logged in|recognized)\b/i;

function isWelcome({ command, source, params }: Line): boolean {
  if (command === "900") return true;
  if (command !== "NOTICE" || !IDENTIFIED.test(params.at(-1) ?? "")) return false;
  return nickOf(source).toLowerCase() === "nickserv";
}

import type { Clock } from "../../shared/clock.ts";
import type { IrcSession } from "../../shared/irc/session.ts";
import { parseSource } from "../../shared/irc/wire/source.ts";

export interface ServicesOptions {
  readonly nickservPassword: { reveal(): string } | undefined;
  /** Longest wait in milliseconds; 0 for none. */
  readonly patience: number;
  readonly clock: Clock;
}

/** What services of all families say when they know somebody; Atheme and Anope give 900 as well. */
const IDENTIFIED = /\b(?:now identified|password accepted|you are now logged in|recognized)\b/i;

/**
 * Identifies to NickServ where a password is configured, and waits until services know us or patience
 * ends, so that channels for registered nicks let us in (477). Never rejects.
 */
export async function identify(session: IrcSession, options: ServicesOptions): Promise<void> {
  const { nickservPassword, patience, clock } = options;
  const known = new AbortController();
  const stopListening = session.onLine(({ command, source = "", params }) => {
    const isNickServ = parseSource(source).nick.toLowerCase() === "nickserv";
    const said = command === "NOTICE" && isNickServ && IDENTIFIED.test(params.at(-1) ?? "");
    if (command === "900" || said) known.abort();
  });
  if (nickservPassword !== undefined) {
    session.send("PRIVMSG", "NickServ", `IDENTIFY ${nickservPassword.reveal()}`);
  }
  await Promise.race([clock.sleep(patience, known.signal), session.ended]);
  stopListening();
}

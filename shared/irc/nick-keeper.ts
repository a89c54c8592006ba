import { Alarm } from "../alarm.ts";
import type { Clock } from "../clock.ts";
import type { Logger } from "../observe/logger.ts";
import type { IrcSession } from "./session.ts";
import { untilOver } from "./until-over.ts";
import { alternativeNick } from "./wire/nick.ts";
import { readNickEvent } from "./wire/nick-events.ts";
import { beginNickKeeping, type NickEffect, type NickStep, step } from "./wire/nick-keeping.ts";

export interface KeepNickOptions {
  readonly session: IrcSession;
  /** The nick of the configuration; cut to what the server allows. */
  readonly wanted: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/**
 * Keeps the wanted nick on a session, and gets it back when somebody else has it: as soon as its
 * holder is seen to leave, and now and then. Resolves when the session has ended or the signal aborts.
 */
export async function keepNick(options: KeepNickOptions): Promise<void> {
  const { session, clock, signal } = options;
  if (signal.aborted) return;
  const { casemapping } = session.isupport;
  const wanted = allowedNick(options.wanted, session);
  const log = options.log.child({ wanted });
  const isMe = (nick: string) => session.isMe(nick);
  const begun = beginNickKeeping(isMe(wanted), clock.now());
  let [state] = begun;

  const carryOut = (effect: NickEffect) => {
    switch (effect.do) {
      case "try":
        session.send("NICK", wanted);
        break;
      case "ask":
        session.send("ISON", wanted);
        break;
      case "watch":
        if (session.isupport.monitor) session.send("MONITOR", "+", wanted);
        break;
      case "unwatch":
        if (session.isupport.monitor) session.send("MONITOR", "-", wanted);
        break;
      case "wake":
        alarm.set(effect.ms);
        break;
      case "report":
        log[effect.level](effect.event, effect.fields);
        break;
    }
  };
  const take = ([next, ...todo]: NickStep) => {
    state = next;
    if (state.at !== "lost") alarm.clear();
    for (const effect of todo) carryOut(effect);
  };
  const alarm = new Alarm(clock, () => take(step(state, { type: "due" }, clock.now())));
  const deafen = session.onLine((line) => {
    const event = readNickEvent(line, { wanted, casemapping, isMe });
    if (event !== undefined) take(step(state, event, clock.now()));
  });

  take(begun);
  await untilOver(session, signal);
  deafen();
  alarm.clear();
}

/**
 * As much of the wanted nick as the server takes, just after the registration: where it does not say
 * how much that is, a nick of ours that it has cut shows it.
 */
export function allowedNick(wanted: string, { nick, isupport: { nicklen } }: IrcSession): string {
  const isCut = nicklen === undefined && wanted.startsWith(nick);
  return isCut ? nick : alternativeNick(wanted, 0, nicklen);
}

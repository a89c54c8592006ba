import { onTestFinished } from "vitest";
import type { IrcServer } from "../../cli/demo/servers/irc-server.ts";
import { systemClock } from "../../shared/clock.ts";
import { IrcChannel } from "../../shared/irc/channel.ts";
import { connectIrc } from "../../shared/irc/connection.ts";
import { PacedSender } from "../../shared/irc/pacing.ts";
import { Counters } from "../../shared/observe/counters.ts";
import { Health } from "../../shared/observe/health.ts";
import { memoryJournal } from "../../shared/outbox/memory-journal.ts";
import { silentLog } from "./silent-log.ts";
import { IrcUser } from "./users/irc-user.ts";

const never = new AbortController().signal;

export interface Meeting {
  readonly channel?: string;
  readonly pace?: { readonly burst: number; readonly intervalMs: number };
}

/** A relay that wants to be in a channel of the server, and speaks there; until the test has finished. */
export async function relayOnIrc(
  { port }: Pick<IrcServer, "port">,
  { channel: name = "#room", pace = { burst: 1, intervalMs: 0 } }: Meeting = {},
) {
  const counters = new Counters();
  const [log, clock] = [silentLog, systemClock];
  const who = { nick: "relay", username: "relay", realname: "a relay", log, clock, counters };
  const session = await connectIrc({ host: "127.0.0.1", port, tls: false, ...who }, never);
  const notes = memoryJournal();
  const channel = new IrcChannel({ name, notes, log, clock, counters, health: new Health() });
  const sender = new PacedSender({ session, clock, ...pace, signal: never });
  const run = channel.run(session, never);
  onTestFinished(async () => {
    await session.quit("the test is over");
    await run;
  });
  const stay = () => channel.waitInside(AbortSignal.timeout(10_000));
  return { session, channel, sender, stay };
}

/** Anna, who is operator of #room as the first one there, and a relay that wants to be there too. */
export async function meetOnIrc(server: IrcServer, meeting: Meeting = {}) {
  onTestFinished(() => server.stop());
  const anna = await IrcUser.connect({ port: server.port, nick: "anna" });
  await anna.join("#room");
  return { anna, ...(await relayOnIrc(server, meeting)) };
}

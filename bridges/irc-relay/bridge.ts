import type { z } from "zod";
import { readPem } from "../../shared/config/pem.ts";
import { type ConnectIrcOptions, connectIrc } from "../../shared/irc/connection.ts";
import { keepOnNetwork } from "../../shared/irc/network.ts";
import { keepNick } from "../../shared/irc/nick-keeper.ts";
import { type IrcServer, ServerPool } from "../../shared/irc/server-pool.ts";
import type { IrcSession } from "../../shared/irc/session.ts";
import type { Bridge, BridgeContext } from "../../shared/lifecycle/bridge.ts";
import { speakUntilStopped } from "../../shared/lifecycle/speak-until-stopped.ts";
import { connectXmpp } from "../../shared/xmpp/connection.ts";
import { keepInRooms } from "../../shared/xmpp/keep-in-rooms.ts";
import type { irc as section } from "./config.ts";
import { Link } from "./link.ts";
import { identify } from "./services.ts";
import { IrcVoice } from "./voice.ts";

type Config = z.output<typeof section>["irc"];

/** Lets IRC channels and XMPP rooms share their conversations. */
export const ircRelay: Bridge<typeof section> = {
  async run(context, { irc: config }) {
    const { clock, journal, log, signal } = context;
    const { burst, lineInterval } = config;
    const voice = new IrcVoice({ burst, lineInterval, clock, notes: journal });
    const links = config.links.map((link) => openLink(context, config, voice, link));
    await speakUntilStopped({
      clock,
      signal,
      speak: (signal) => Promise.all(links.map((link) => link.run(signal))),
      connect: (signal) => stayConnected(context, config, { voice, links, signal }),
    });
    const pending = links.reduce((sum, link) => sum + link.pending, 0);
    if (pending > 0) log.info("messages kept for the next start", { count: pending });
  },
};

function openLink(
  context: BridgeContext,
  config: Config,
  voice: IrcVoice,
  { channel, room }: Config["links"][number],
): Link {
  return new Link({
    context,
    voice,
    channel,
    room,
    otherChannels: config.links.map((other) => other.channel).filter((name) => name !== channel),
    roomNick: config.xmppNick,
    newRoom: config.newRoom,
    relayNotices: config.noticeRelay,
    gapLines: config.gapLines,
    limits: config,
  });
}

interface Parts {
  readonly voice: IrcVoice;
  readonly links: readonly Link[];
  readonly signal: AbortSignal;
}

/** Both sides, each with a loop of its own: when one is away the other goes on. */
async function stayConnected(context: BridgeContext, config: Config, parts: Parts): Promise<void> {
  const failed = new AbortController();
  const signal = AbortSignal.any([parts.signal, failed.signal]);
  const sides = [
    stayOnIrc(context, config, { ...parts, signal }),
    stayInRooms(context, config, { ...parts, signal }),
  ];
  try {
    await Promise.all(sides);
  } finally {
    failed.abort();
    await Promise.allSettled(sides);
  }
}

function stayInRooms(
  context: BridgeContext,
  { xmppJid: jid, xmppPassword: password }: Config,
  { links, signal }: Parts,
): Promise<void> {
  const { xmpp, journal, log, counters, version } = context;
  const beforeWrite = () => journal.flush();
  return keepInRooms({
    ...context,
    rooms: links.map(({ room }) => room),
    jid,
    signal,
    connect: (signal) =>
      connectXmpp({ ...xmpp, jid, password, version, log, counters, beforeWrite }, signal),
  });
}

function stayOnIrc(
  context: BridgeContext,
  config: Config,
  { voice, links, signal }: Parts,
): Promise<void> {
  const { clock, log } = context;
  const options = sessionOptions(context, config);
  let nicklen: number | undefined;

  const serve = async (session: IrcSession) => {
    nicklen = session.isupport.nicklen;
    voice.use(session, context.signal);
    const keepingNick = keepNick({ session, wanted: config.nick, clock, log, signal });
    await identify(session, {
      nickservPassword: config.nickservPassword,
      wanted: config.nick,
      patience: config.servicesTimeout,
      clock,
    });
    const inChannels = links.map(({ channel }) => channel.run(session, signal));
    await Promise.all([keepingNick, ...inChannels]);
  };

  return keepOnNetwork({
    ...context,
    pool: new ServerPool({ servers: config.servers, clock, notes: context.journal }),
    connect: (server: IrcServer, signal) =>
      connectIrc({ ...options, ...server, knownNicklen: nicklen }, signal),
    serve: (session) => void serve(session),
    signal,
  });
}

function sessionOptions({ journal, clock, log, counters }: BridgeContext, config: Config) {
  return {
    nick: config.nick,
    username: config.username ?? config.nick,
    realname: config.realname,
    serverPassword: config.serverPassword,
    sasl: saslOf(config),
    ca: readPem("IRC_TLS_CA", config.tlsCa),
    cert: readPem("IRC_TLS_CERT", config.tlsCert),
    key: readPem("IRC_TLS_KEY", config.tlsKey),
    beforeWrite: () => journal.flush(),
    clock,
    log,
    counters,
  };
}

/**
 * A certificate alone is no wish for SASL: services may look at it by themselves, and on networks that
 * offer no SASL insisting on it would keep us out.
 */
function saslOf({ saslUsername, saslPassword, tlsCert }: Config): ConnectIrcOptions["sasl"] {
  if (saslUsername !== undefined && saslPassword !== undefined) {
    return { mechanism: "PLAIN", username: saslUsername, password: saslPassword };
  }
  return saslUsername !== undefined && tlsCert !== undefined
    ? { mechanism: "EXTERNAL" }
    : undefined;
}

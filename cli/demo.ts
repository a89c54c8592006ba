import { rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { z } from "zod";
import { errorMessage } from "../shared/error-message.ts";
import { Scope } from "../shared/lifecycle/scope.ts";
import { Health } from "../shared/observe/health.ts";
import { createLogger } from "../shared/observe/log.ts";
import { CommandError } from "./command-error.ts";
import { type Configuration, readConfiguration } from "./configuration.ts";
import { showConversation } from "./demo/conversation.ts";
import { formatInstructions } from "./demo/instructions.ts";
import { requirePrograms } from "./demo/programs.ts";
import { endWithParent } from "./demo/servers/end-with-parent.ts";
import { startInspircd } from "./demo/servers/inspircd.ts";
import type { IrcServer } from "./demo/servers/irc-server.ts";
import { startProsody } from "./demo/servers/prosody.ts";
import type { XmppServer } from "./demo/servers/xmpp-server.ts";
import { openJournal, runBridges } from "./run-bridges.ts";
import { onStopSignal } from "./stop-signals.ts";
import { untilSettled } from "./until-settled.ts";

const ROOM = "demo@conference.localhost";
const CHANNEL = "#demo";

/** Every account of the demo, by local part; only loopback can reach its server. */
const PASSWORDS = { you: "demo", webridge: "demo", irc: "demo", observer: "demo" };

/** How long everything gets to come up, in milliseconds. */
const PATIENCE = 30_000;

/**
 * `saxbridge demo`: an XMPP server, an IRC server and both bridges, all of it private and for as long
 * as this process lives, with the conversation shown as it happens. Resolves with 0 after a signal,
 * when all of it is gone. Rejects with a CommandError when something cannot be started.
 */
export async function demo(): Promise<number> {
  requirePrograms(["prosody", "inspircd", "php", "openssl"]);
  const stop = new AbortController();
  onStopSignal(() => stop.abort());
  const scope = new Scope();
  try {
    return await perform(scope, stop);
  } finally {
    await scope.close();
    if (stop.signal.aborted) print("Everything that the demo started is gone.");
  }
}

async function perform(scope: Scope, stop: AbortController): Promise<number> {
  print("Starting Prosody and InspIRCd on loopback ...");
  const stage = await setStage(scope);
  if (stop.signal.aborted) return 0;

  const health = new Health();
  const log = createLogger({
    // That a room is new, and such, is no news here; links that stay down are told below.
    level: "error",
    format: "pretty",
    colours: process.stderr.isTTY,
  });
  const configuration = withObserver(readConfiguration([], environment(stage)));
  const journal = openJournal(configuration.general, log);
  scope.defer(() => journal.close());
  const settled = untilSettled(health, { patience: PATIENCE, stop: stop.signal });
  const running = runBridges(configuration, { journal, health, counters: new Map(), log, stop });
  scope.defer(() => {
    stop.abort();
    return running;
  });

  const isUp = await settled;
  if (stop.signal.aborted) return await running;
  if (!isUp) throw new CommandError(69, `Cannot start the demo: ${health.summary()}`);
  print(instructions(stage));
  return await running;
}

/** What the bridges run between. */
interface Stage {
  readonly directory: string;
  readonly xmpp: XmppServer;
  readonly irc: IrcServer;
}

async function setStage(scope: Scope): Promise<Stage> {
  try {
    const directory = await makeDirectory(scope);
    const xmpp = await startProsody({ users: PASSWORDS, tls: "starttls" });
    scope.defer(() => xmpp.stop());
    const irc = await startInspircd();
    scope.defer(() => irc.stop());
    return { directory, xmpp, irc };
  } catch (error) {
    throw new CommandError(69, errorMessage(error));
  }
}

async function makeDirectory(scope: Scope): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "saxbridge-demo-"));
  // Also when this process dies of an error: then nobody closes the scope.
  endWithParent(() => rmSync(directory, { recursive: true, force: true }));
  scope.defer(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** What somebody would write into .env for these servers; the person's own .env has no part in it. */
function environment({
  directory,
  xmpp,
  irc,
}: Stage): Readonly<Record<string, string | undefined>> {
  return {
    XMPP_SERVICE: `xmpp://127.0.0.1:${xmpp.port}`,
    XMPP_DOMAIN: xmpp.domain,
    XMPP_TLS_CA: xmpp.ca,
    WEBRIDGE_XMPP_JID: `webridge@${xmpp.domain}`,
    WEBRIDGE_XMPP_PASSWORD: PASSWORDS.webridge,
    WEBRIDGE_ROOM: ROOM,
    WEBRIDGE_SOCKET: socketIn(directory),
    IRC_XMPP_JID: `irc@${xmpp.domain}`,
    IRC_XMPP_PASSWORD: PASSWORDS.irc,
    IRC_SERVERS: `irc://127.0.0.1:${irc.port}`,
    IRC_NICK: "saxbridge",
    IRC_LINKS: `${CHANNEL}=${ROOM}`,
    STATE_DIRECTORY: join(directory, "state"),
  };
}

function socketIn(directory: string): string {
  return join(directory, "webridge.sock");
}

/** The observer is a bridge to the terminal, that stays in the room as the others do. */
function withObserver(configuration: Configuration): Configuration {
  const conversation = showConversation({
    jid: `observer@${configuration.xmpp.domain}`,
    password: PASSWORDS.observer,
    room: ROOM,
    show: print,
    colours: hasColours(),
  });
  const bridge = { name: "conversation", section: z.object({}), load: async () => conversation };
  return { ...configuration, bridges: [...configuration.bridges, { bridge, config: {} }] };
}

function instructions({ directory, xmpp, irc }: Stage): string {
  return formatInstructions({
    ircPort: irc.port,
    channel: CHANNEL,
    xmppPort: xmpp.port,
    jid: `you@${xmpp.domain}`,
    password: PASSWORDS.you,
    room: ROOM,
    socket: socketIn(directory),
    saxbridge: [process.execPath, resolve(process.argv[1] ?? "saxbridge")],
    colours: hasColours(),
  });
}

/** For a terminal, never for a file; https://no-color.org lets people do without. */
function hasColours(): boolean {
  return process.stdout.isTTY && !process.env["NO_COLOR"];
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

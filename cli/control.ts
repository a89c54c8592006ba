import type { Server } from "node:http";
import { join } from "node:path";
import type { Clock } from "../shared/clock.ts";
import { maxSocketPathBytes } from "../shared/config/socket-path.ts";
import {
  type Answer,
  json,
  type Questions,
  questionServer,
  text,
} from "../shared/http/question-server.ts";
import { Scope } from "../shared/lifecycle/scope.ts";
import type { Counters } from "../shared/observe/counters.ts";
import type { Health } from "../shared/observe/health.ts";
import { troubles } from "../shared/observe/judge.ts";
import type { Logger } from "../shared/observe/logger.ts";
import { metricsOf } from "../shared/observe/metrics.ts";
import { statusOf } from "../shared/observe/status.ts";
import type { Trail } from "../shared/outbox/trail.ts";
import { utf8Length } from "../shared/text/split.ts";
import { listenAtPath } from "../shared/unix/listen-at-path.ts";
import type { Configuration } from "./configuration.ts";
import { version } from "./version.ts";

/** What can be told of a running service. */
export interface Knowledge {
  readonly health: Health;
  /** By bridge. */
  readonly counters: ReadonlyMap<string, Counters>;
  readonly trail: Trail;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Only the owner of the service, and root, may ask. */
const MODE = 0o600;

/**
 * Answers questions about the service: all of them on the control socket, those of a monitoring system
 * on `METRICS_LISTEN` as well. Resolves with how to stop, as soon as the control socket is there. What
 * cannot be opened is logged, and keeps no bridge from its work.
 */
export async function answerQuestions(
  general: Pick<Configuration["general"], "controlSocket" | "stateDirectory" | "metricsListen">,
  knowledge: Knowledge,
): Promise<() => Promise<void>> {
  const { log } = knowledge;
  const scope = new Scope();
  const forMonitoring = monitoringQuestions(knowledge);
  if (general.metricsListen !== undefined) {
    listenOnAddress(general.metricsListen, questionServer(forMonitoring, { log }), { scope, log });
  }
  const path = controlSocket(general);
  if (utf8Length(path) > maxSocketPathBytes) {
    log.warn("no control socket", { path, meaning: "its path is too long: set CONTROL_SOCKET" });
  } else {
    const all = { ...forMonitoring, ...peoplesQuestions(knowledge) };
    await listenOnSocket(path, questionServer(all, { log }), { scope, knowledge });
  }
  return () => scope.close();
}

/** Where the service of this configuration can be asked. */
export function controlSocket({
  controlSocket: path,
  stateDirectory,
}: Pick<Configuration["general"], "controlSocket" | "stateDirectory">): string {
  return path ?? join(stateDirectory, "control.sock");
}

function monitoringQuestions({ health, counters, clock }: Knowledge): Questions {
  return {
    "/healthz": () => {
      const wrong = troubles(health.snapshot(), clock.now());
      return wrong.length === 0 ? text(200, "ok") : text(503, wrong.join("\n"));
    },
    "/metrics": async (): Promise<Answer> => {
      // Nobody may ever ask, and the library takes memory.
      const { formatForPrometheus } = await import("../shared/observe/prometheus.ts");
      const metrics = metricsOf({
        snapshot: health.snapshot(),
        now: clock.now(),
        wallNow: clock.wallNow(),
        counts: new Map([...counters].map(([bridge, ofBridge]) => [bridge, ofBridge.all()])),
        version: version(),
      });
      return { status: 200, ...(await formatForPrometheus(metrics)) };
    },
  };
}

function peoplesQuestions({ health, trail, clock }: Knowledge): Questions {
  const about = { clock, version: version(), startedAt: clock.wallNow() };
  return {
    "/status": () => json(statusOf(health.snapshot(), about)),
    "/why": async (query, signal) => {
      const wanted = query.get("q") ?? "";
      if (wanted.trim() === "") return text(400, "Ask for a text or an id: /why?q=TEXT");
      return json(await trail.find(wanted, signal));
    },
  };
}

async function listenOnSocket(
  path: string,
  server: Server,
  { scope, knowledge: { clock, log } }: { readonly scope: Scope; readonly knowledge: Knowledge },
): Promise<void> {
  try {
    const remove = await listenAtPath(server, { path, mode: MODE, gid: undefined, clock });
    scope.defer(remove);
    scope.defer(() => close(server));
    tellTrouble(server, path, log);
    log.info("answering questions", { at: path });
  } catch (error) {
    log.error("questions cannot be asked", { at: path, error });
  }
}

/** Waits for nothing: nobody knows how long a name takes to be found. */
function listenOnAddress(
  { host, port }: { readonly host: string; readonly port: number },
  server: Server,
  { scope, log }: { readonly scope: Scope; readonly log: Logger },
): void {
  const at = `${host}:${port}`;
  scope.defer(() => close(server));
  tellTrouble(server, at, log);
  server.listen(port, host, () => log.info("answering questions", { at }));
}

/** An error of a server that nobody listens to would end the program. */
function tellTrouble(server: Server, at: string, log: Logger): void {
  server.on("error", (error) => log.error("questions cannot be asked", { at, error }));
}

function close(server: Server): void {
  server.close();
  server.closeAllConnections();
}

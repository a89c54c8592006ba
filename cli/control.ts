import { once } from "node:events";
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
 * on `METRICS_LISTEN` as well. Resolves with how to stop. What cannot be opened is logged, and keeps no
 * bridge from its work.
 */
export async function answerQuestions(
  general: Configuration["general"],
  knowledge: Knowledge,
): Promise<() => Promise<void>> {
  const { log } = knowledge;
  const scope = new Scope();
  const open = async (where: string, listening: Promise<void>) => {
    try {
      await listening;
      log.info("answering questions", { at: where });
    } catch (error) {
      log.error("questions cannot be asked", { at: where, error });
    }
  };
  const forMonitoring = monitoringQuestions(knowledge);
  const path = controlSocket(general);
  if (utf8Length(path) > maxSocketPathBytes) {
    log.warn("no control socket", { path, meaning: "its path is too long: set CONTROL_SOCKET" });
  } else {
    const all = { ...forMonitoring, ...peoplesQuestions(knowledge) };
    await open(path, listenOnSocket(path, questionServer(all, { log }), { scope, knowledge }));
  }
  if (general.metricsListen !== undefined) {
    const { host, port } = general.metricsListen;
    const server = questionServer(forMonitoring, { log });
    await open(`${host}:${port}`, listenOnAddress({ host, port }, server, scope));
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
  { scope, knowledge: { clock } }: { readonly scope: Scope; readonly knowledge: Knowledge },
): Promise<void> {
  const remove = await listenAtPath(server, { path, mode: MODE, gid: undefined, clock });
  scope.defer(remove);
  scope.defer(() => close(server));
}

async function listenOnAddress(
  { host, port }: { readonly host: string; readonly port: number },
  server: Server,
  scope: Scope,
): Promise<void> {
  server.listen(port, host);
  await once(server, "listening");
  scope.defer(() => close(server));
}

function close(server: Server): void {
  server.close();
  server.closeAllConnections();
}

import { existsSync } from "node:fs";
import { request } from "node:http";
import { text } from "node:stream/consumers";
import type { z } from "zod";
import { readConfig } from "../shared/config/section.ts";
import { general } from "../shared/config/sections.ts";
import { errnoOf } from "../shared/errno.ts";
import { errorMessage } from "../shared/error-message.ts";
import { CommandError } from "./command-error.ts";
import { readEnvironment } from "./configuration.ts";
import { controlSocket } from "./control.ts";

/** Where the unit of the service has its socket. */
const SOCKET_OF_THE_UNIT = "/run/saxbridge/control.sock";

/** How long an answer may take, in milliseconds: a search through a large trail of a busy service, too. */
const PATIENCE = 60_000;

/** Where the service can be asked, and what it leaves. */
export interface Service {
  readonly socket: string;
  readonly stateDirectory: string;
}

/** The service that the environment means; where it names none and there is none here, that of systemd. */
export function findService(envFile: string | undefined): Service {
  const config = readConfig(general, readEnvironment(envFile, [general]));
  const socket = controlSocket(config);
  const isElsewhere = config.controlSocket === undefined && !existsSync(socket);
  return {
    socket: isElsewhere && existsSync(SOCKET_OF_THE_UNIT) ? SOCKET_OF_THE_UNIT : socket,
    stateDirectory: config.stateDirectory,
  };
}

/**
 * Asks a running service, and resolves with its answer; with undefined when none runs. Rejects with a
 * `CommandError` when it cannot be asked, or does not answer as it should.
 */
export async function askService<S extends z.ZodType>(
  socket: string,
  question: string,
  schema: S,
): Promise<z.output<S> | undefined> {
  const body = await getUnlessGone(socket, question);
  if (body === undefined) return undefined;
  const { success, data } = schema.safeParse(parseJson(body));
  if (success) return data;
  throw new CommandError(69, `another version of saxbridge answers at ${socket}`);
}

async function getUnlessGone(socket: string, question: string): Promise<string | undefined> {
  try {
    return await get(socket, question);
  } catch (error) {
    const code = errnoOf(error);
    if (code === "ENOENT" || code === "ECONNREFUSED") return undefined;
    const words =
      code === "EACCES" ? "only root and the user of the service may ask it" : errorMessage(error);
    throw new CommandError(69, `Cannot ask the service at ${socket}: ${words}`);
  }
}

function get(socketPath: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const question = request({ socketPath, path, timeout: PATIENCE }, (response) => {
      text(response).then((body) => {
        if (response.statusCode === 200) resolve(body);
        else reject(new Error(`it answers ${response.statusCode}: ${body.trim()}`));
      }, reject);
    });
    question.on("error", reject);
    question.on("timeout", () => question.destroy(new Error("it does not answer")));
    question.end();
  });
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Logger } from "../observe/logger.ts";

/** What a question is answered with (RFC 9110 section 15). */
export interface Answer {
  readonly status: 200 | 400 | 404 | 405 | 500 | 503;
  /** The media type of the body. */
  readonly type: string;
  readonly body: string;
}

/** What can be asked, by path. The signal aborts when nobody waits for the answer any more. */
export type Questions = Readonly<
  Record<string, (query: URLSearchParams, signal: AbortSignal) => Answer | Promise<Answer>>
>;

/** Connections at the same time; those beyond are closed at once. */
const MOST_CONNECTIONS = 10;

export interface QuestionServerOptions {
  readonly log: Logger;
  /** How long a client may take to ask, and to take its answer, in milliseconds; 5 s. */
  readonly patienceMs?: number;
}

/** Request line and header together. What is longer is answered with 431. */
const MOST_HEADER_BYTES = 16_384;

/**
 * An HTTP server that answers questions, and that nobody can keep busy: one question for each
 * connection, by GET or HEAD, asked within seconds. It does not listen yet.
 */
export function questionServer(
  questions: Questions,
  { log, patienceMs = 5_000 }: QuestionServerOptions,
): Server {
  const server = createServer(
    {
      maxHeaderSize: MOST_HEADER_BYTES,
      headersTimeout: patienceMs,
      requestTimeout: patienceMs,
      connectionsCheckingInterval: patienceMs,
    },
    (request, response) => void respond(request, response),
  );
  server.maxConnections = MOST_CONNECTIONS;
  server.setTimeout(patienceMs);
  return server;

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    // The answer may take its time.
    request.socket.setTimeout(0);
    const { status, type, body } = await answer(request, gone.signal);
    request.socket.setTimeout(patienceMs);
    response.writeHead(status, {
      "content-type": type,
      "cache-control": "no-store",
      connection: "close",
    });
    response.end(body);
  }

  async function answer(
    { method = "", url = "" }: IncomingMessage,
    signal: AbortSignal,
  ): Promise<Answer> {
    if (method !== "GET" && method !== "HEAD") return text(405, "Only GET is understood here");
    const [path = "", ...query] = url.split("?");
    const ask = Object.hasOwn(questions, path) ? questions[path] : undefined;
    if (ask === undefined) return text(404, `Ask for ${Object.keys(questions).join(", ")}`);
    try {
      return await ask(new URLSearchParams(query.join("?")), signal);
    } catch (error) {
      if (!signal.aborted) log.error("question not answered", { path, error });
      return text(500, "This question cannot be answered: the log says why");
    }
  }
}

/** An answer for people. */
export function text(status: Answer["status"], words: string): Answer {
  return { status, type: "text/plain; charset=utf-8", body: `${words}\n` };
}

/** An answer for programs. */
export function json(value: unknown): Answer {
  return { status: 200, type: "application/json", body: `${JSON.stringify(value)}\n` };
}

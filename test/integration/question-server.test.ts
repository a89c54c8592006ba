import { once } from "node:events";
import { connect } from "node:net";
import { text as textOf } from "node:stream/consumers";
import { setTimeout } from "node:timers/promises";
import { expect, onTestFinished, test, vi } from "vitest";
import { freePort } from "../../cli/demo/servers/free-port.ts";
import { json, questionServer, text } from "../../shared/http/question-server.ts";
import { silentLog } from "../support/silent-log.ts";

const PATIENCE = 300;

/** A server on a free port of loopback, and what it logged. */
async function serve() {
  const logged: string[] = [];
  const gone: string[] = [];
  const server = questionServer(
    {
      "/echo": (query) => json({ q: query.get("q") }),
      "/later": async () => text(200, "at last"),
      "/slow": async (_query, signal) => {
        signal.addEventListener("abort", () => gone.push("/slow"));
        await setTimeout(3 * PATIENCE, undefined, { signal });
        return text(200, "after a long search");
      },
      "/huge": () => text(200, "x".repeat(20_000_000)),
      "/broken": () => {
        throw new TypeError("undefined is not a function");
      },
    },
    { log: { ...silentLog, error: (event) => void logged.push(event) }, patienceMs: PATIENCE },
  );
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const port = await freePort();
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const ask = async (path: string, init?: RequestInit) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, init);
    return { status: response.status, body: await response.text() };
  };
  return { port, logged, gone, ask };
}

/** Sends these bytes, waits until the server closes, and returns what it said. */
async function say(port: number, bytes: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  // Broken off in the middle of what we say: the answer may have come all the same.
  socket.on("error", () => {});
  socket.write(bytes);
  return await textOf(socket).catch(() => "");
}

test("answers what is asked, with what stands in the query", async () => {
  const { ask } = await serve();
  expect(await ask(`/echo?q=${encodeURIComponent("a&b=c? ü")}`)).toEqual({
    status: 200,
    body: '{"q":"a&b=c? ü"}\n',
  });
  expect(await ask("/later")).toEqual({ status: 200, body: "at last\n" });
  expect(await ask("/later", { method: "HEAD" })).toEqual({ status: 200, body: "" });
});

test("says what can be asked, and by GET alone", async () => {
  const { ask } = await serve();
  expect(await ask("/")).toEqual({
    status: 404,
    body: "Ask for /echo, /later, /slow, /huge, /broken\n",
  });
  expect(await ask("/__proto__")).toMatchObject({ status: 404 });
  expect(await ask("/toString")).toMatchObject({ status: 404 });
  expect(await ask("/later", { method: "POST", body: "x".repeat(1e6) })).toMatchObject({
    status: 405,
  });
});

test("whoever has asked may wait for longer than he may be silent", async () => {
  const { ask } = await serve();
  expect(await ask("/slow")).toEqual({ status: 200, body: "after a long search\n" });
});

test("nothing is looked for any more when whoever asked has left, and that is no bug", async () => {
  const { port, gone, logged, ask } = await serve();
  const socket = connect(port, "127.0.0.1");
  socket.write("GET /slow HTTP/1.1\r\nhost: x\r\n\r\n");
  await ask("/later");
  socket.destroy();
  await vi.waitFor(() => expect(gone).toEqual(["/slow"]), { timeout: PATIENCE });
  await ask("/later");
  expect(logged).toEqual([]);
});

test("whoever does not take his answer is not waited for", async () => {
  const { port, ask } = await serve();
  const idle = Array.from({ length: 10 }, () => connect(port, "127.0.0.1"));
  for (const socket of idle) {
    onTestFinished(() => void socket.destroy());
    socket.on("error", () => {});
    socket.write("GET /huge HTTP/1.1\r\nhost: x\r\n\r\n");
  }
  await vi.waitFor(async () => expect(await ask("/later")).toMatchObject({ status: 200 }), {
    timeout: 10 * PATIENCE,
  });
});

test("a bug is logged, and hidden from whoever asked", async () => {
  const { ask, logged } = await serve();
  const { status, body } = await ask("/broken");
  expect(status).toBe(500);
  expect(body).not.toContain("undefined");
  expect(logged).toEqual(["question not answered"]);
});

test.each([
  ["no HTTP", "\u0000\u0001\u0002 nonsense\r\n\r\n", /^HTTP\/1\.1 400 /],
  ["a header without end", `GET /echo?q=${"x".repeat(20_000)}`, /^HTTP\/1\.1 431 |^$/],
  [
    "a path that is no path",
    "GET //%ff?%zz=%u0000 HTTP/1.1\r\nhost: x\r\n\r\n",
    /^HTTP\/1\.1 404 /,
  ],
  ["a proxy's question", "GET http://x/later HTTP/1.1\r\nhost: x\r\n\r\n", /^HTTP\/1\.1 404 /],
  ["a tunnel", "CONNECT x:1 HTTP/1.1\r\nhost: x\r\n\r\n", /^$/],
  ["a question that never ends", "GET /later HTTP/1.1\r\nhost: x\r\n", /^HTTP\/1\.1 408 |^$/],
  ["silence", "", /^HTTP\/1\.1 408 |^$/],
])("is not impressed by %s", async (_, bytes, answer) => {
  const { port, ask } = await serve();
  expect(await say(port, bytes)).toMatch(answer);
  expect(await ask("/later")).toMatchObject({ status: 200 });
});

test("closes every connection after its answer, also when more is asked over it", async () => {
  const { port } = await serve();
  const question = "GET /later HTTP/1.1\r\nhost: x\r\nconnection: keep-alive\r\n\r\n";
  const said = await say(port, question.repeat(3));
  expect(said.match(/^HTTP/gm)).toHaveLength(1);
});

test("ten at a time and no more, until they have been silent for too long", async () => {
  const { port, ask } = await serve();
  const idle = Array.from({ length: 10 }, () => connect(port, "127.0.0.1"));
  for (const socket of idle) socket.on("error", () => {}).resume();
  onTestFinished(() => {
    for (const socket of idle) socket.destroy();
  });
  await Promise.all(idle.map((socket) => once(socket, "connect")));
  expect(await say(port, "")).toBe("");
  await expect(ask("/later")).rejects.toThrow("fetch failed");
  await vi.waitFor(async () => expect(await ask("/later")).toMatchObject({ status: 200 }), {
    timeout: 10 * PATIENCE,
  });
});

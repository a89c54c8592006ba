import { existsSync, lstatSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../shared/clock.ts";
import { listenAtPath } from "../../shared/unix/listen-at-path.ts";
import { openSocket } from "../../shared/unix/socket.ts";

let directory: string;
let path: string;
const servers: Server[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "saxbridge-listen-"));
  path = join(directory, "control.sock");
});

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
  rmSync(directory, { recursive: true });
});

function listen(at = path) {
  const server = createServer((socket) => socket.end("hello"));
  servers.push(server);
  return listenAtPath(server, { path: at, mode: 0o600, gid: undefined, clock: systemClock });
}

function connects(): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.on("connect", () => resolve(true)).on("error", () => resolve(false));
    socket.on("close", () => socket.destroy()).resume();
  });
}

/** What a process leaves that ends without a goodbye. */
function leaveBehind(): void {
  const socket = openSocket();
  socket.bind(path);
  socket.close();
  expect(existsSync(path)).toBe(true);
}

describe("listenAtPath()", () => {
  test("lets its owner connect, and nobody else", async () => {
    await listen();
    expect(await connects()).toBe(true);
    expect(lstatSync(path).mode & 0o777).toBe(0o600);
  });

  test("takes the place of a socket that a dead process left", async () => {
    leaveBehind();
    await listen();
    expect(await connects()).toBe(true);
  });

  test("removes the file when it is told to, and never that of another", async () => {
    const remove = await listen();
    servers.pop()?.close();
    const removeSecond = await listen();
    await remove();
    expect(await connects()).toBe(true);
    await removeSecond();
    expect(existsSync(path)).toBe(false);
  });

  test("leaves a live listener alone, whichever kind of socket it has", async () => {
    await listen();
    await expect(listen()).rejects.toMatchObject({ code: "EADDRINUSE" });
    expect(await connects()).toBe(true);
    const datagrams = openSocket();
    const other = join(directory, "webridge.sock");
    datagrams.bind(other);
    await expect(listen(other)).rejects.toMatchObject({ code: "EADDRINUSE" });
    datagrams.close();
  });

  test("leaves what is no socket alone", async () => {
    writeFileSync(path, "precious");
    await expect(listen()).rejects.toMatchObject({ code: "ENOTSOCK" });
    expect(lstatSync(path).size).toBe(8);
  });

  test("says what is the matter with a path that cannot be had", async () => {
    await expect(listen(join(directory, "no", "control.sock"))).rejects.toThrow("does not exist");
    await expect(listen(join(directory, "x".repeat(100)))).rejects.toThrow("107");
    expect(existsSync(join(directory, "x".repeat(100)))).toBe(false);
  });
});

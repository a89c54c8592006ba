import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Counters } from "../../shared/observe/counters.ts";
import type { Logger } from "../../shared/observe/logger.ts";
import { type ReceiveOptions, receiveDatagrams, sendDatagram } from "../../shared/unix/datagram.ts";
import { openSocket, sendOnce } from "../../shared/unix/socket.ts";
import { FakeClock } from "../support/fake-clock.ts";

let directory: string;
let path: string;
let stop: AbortController;
let children: ChildProcess[];
let closers: (() => unknown)[];
/** The events that were logged, in order. */
let events: string[];
let counters: Counters;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "saxbridge-datagram-"));
  path = join(directory, "webridge.sock");
  stop = new AbortController();
  children = [];
  closers = [];
  events = [];
  counters = new Counters();
});

afterEach(async () => {
  stop.abort();
  for (const close of closers) await close();
  for (const child of children) child.kill("SIGKILL");
  rmSync(directory, { recursive: true });
});

describe("receiveDatagrams()", () => {
  test("hands over datagrams one by one, in order, the empty one too", async () => {
    const { received } = await receive();
    for (const words of ["one", "", "zwei", "三"]) await sendDatagram(path, Buffer.from(words));
    await vi.waitFor(() => expect(received).toEqual(["one", "", "zwei", "三"]));
  });

  test("says which datagrams did not fit", async () => {
    const sizes: [number, boolean][] = [];
    await receive({}, (bytes, truncated) => sizes.push([bytes.byteLength, truncated]));
    for (const size of [65_535, 65_536, 100_000]) await sendDatagram(path, Buffer.alloc(size, "x"));
    await vi.waitFor(() => expect(sizes).toHaveLength(3));
    expect(sizes).toEqual([
      [65_535, false],
      [65_536, true],
      [65_536, true],
    ]);
  });

  test("goes on after a handler that threw", async () => {
    const handled: string[] = [];
    await receive({}, (bytes) => {
      if (bytes.byteLength === 3) throw new Error("three is too many");
      handled.push(String(bytes));
    });
    for (const words of ["four", "two", "five"]) await sendDatagram(path, Buffer.from(words));
    await vi.waitFor(() => expect(handled).toEqual(["four", "five"]));
    expect(events).toEqual(["handler failed"]);
    expect(counters.value("handler_failures", { where: "datagrams" })).toBe(1);
  });

  test("hands over what was sent before it was closed, and leaves no file behind", async () => {
    const { receiver, received } = await receive();
    const sent = Array.from({ length: 8 }, (_, index) => `announcement ${index}`);
    for (const words of sent) expect(sendOnce(path, Buffer.from(words))).toBeUndefined();
    await receiver.close();
    expect(received).toEqual(sent);
    expect(readdirSync(directory)).toEqual([]);
  });

  test("is closed by its signal, and may be closed again and again", async () => {
    const { receiver } = await receive();
    stop.abort();
    await Promise.all([receiver.close(), receiver.close()]);
    await receiver.close();
    expect(existsSync(path)).toBe(false);
  });

  test("does not begin when the signal has aborted", async () => {
    stop.abort();
    const { receiver } = await receive();
    await receiver.close();
    expect(readdirSync(directory)).toEqual([]);
  });
});

describe("the socket file", () => {
  test("has the mode and group asked for, whatever the umask", async () => {
    const gid = process.getgid?.() ?? 0;
    await receive({ mode: 0o620, group: String(gid) });
    expect(statSync(path).mode & 0o777).toBe(0o620);
    expect(statSync(path).gid).toBe(gid);
  });

  test("leaves the umask as it was", async () => {
    const umask = process.umask(0o027);
    await receive();
    expect(process.umask(umask)).toBe(0o027);
  });

  test("is at no instant open to more than it will be", async () => {
    // With this umask a plain bind(2) makes a file that everybody may write to.
    const umask = process.umask(0);
    const watcher = await startWatcher(directory);
    for (let round = 0; round < 300; round += 1) {
      const { receiver } = await receive({ mode: 0o600 });
      await receiver.close();
    }
    process.umask(umask);
    watcher.stdin?.end();
    expect(JSON.parse(await outputOf(watcher))).toEqual({ modes: ["600"] });
  });

  test("replaces the one that a dead process left", async () => {
    leaveStale(path);
    const { received } = await receive();
    await sendDatagram(path, Buffer.from("alive"));
    await vi.waitFor(() => expect(received).toEqual(["alive"]));
    expect(readdirSync(directory)).toEqual(["webridge.sock"]);
  });

  test("can be had although a process died while it took the path", async () => {
    const beside = join(directory, "webridge.soc~");
    leaveStale(beside);
    await expect(receive()).rejects.toThrow("another process is just beginning to listen there");
    utimesSync(beside, new Date(), new Date(Date.now() - 5_000));
    await receive();
    expect(readdirSync(directory)).toEqual(["webridge.sock"]);
  });

  test("may have the longest path that a socket can have", async () => {
    path = join(directory, "s".repeat(107 - Buffer.byteLength(directory) - 1));
    const { received } = await receive();
    await sendDatagram(path, Buffer.from("far"));
    await vi.waitFor(() => expect(received).toEqual(["far"]));
  });

  test("is bound again when it was removed", async () => {
    const clock = new FakeClock();
    const { received } = await receive({ clock });
    unlinkSync(path);
    await passCheck(clock);
    await sendDatagram(path, Buffer.from("back"));
    await vi.waitFor(() => expect(received).toEqual(["back"]));
    expect(events).toEqual(["socket bound again"]);
  });

  test("is bound again when a dead one was put in its place, and senders lose nothing", async () => {
    const clock = new FakeClock();
    const { receiver, received } = await receive({ clock });
    sendOnce(path, Buffer.from("before"));
    unlinkSync(path);
    leaveStale(path);
    await passCheck(clock);
    sendOnce(path, Buffer.from("after"));
    await receiver.close();
    expect(received).toEqual(["before", "after"]);
  });

  test("is left to another process that took its place, and taken back when that is gone", async () => {
    const clock = new FakeClock();
    await receive({ clock });
    const rival = openSocket();
    closers.push(() => rival.close());
    rival.bind(join(directory, "rival"));
    renameSync(join(directory, "rival"), path);
    await passCheck(clock);
    await passCheck(clock);
    expect(events).toEqual(["socket lost"]);
    rival.close();
    await passCheck(clock);
    expect(events).toEqual(["socket lost", "socket bound again"]);
  });

  test("that is another's by now is not removed", async () => {
    const { receiver } = await receive({ clock: new FakeClock() });
    unlinkSync(path);
    leaveStale(path);
    await receiver.close();
    expect(existsSync(path)).toBe(true);
  });
});

describe("a socket that cannot be had", () => {
  test("is refused while another process listens, which notices nothing", async () => {
    const { received } = await receive();
    await expect(receive()).rejects.toThrow(
      `Cannot listen on ${path}: another process is listening there`,
    );
    await sendDatagram(path, Buffer.from("still here"));
    await vi.waitFor(() => expect(received).toEqual(["still here"]));
    expect(readdirSync(directory)).toEqual(["webridge.sock"]);
  });

  test("goes to exactly one of the processes that start at the same instant", async () => {
    const rounds = 60;
    const paths = Array.from({ length: rounds }, (_, round) => join(directory, `${round}.sock`));
    for (const stale of paths) leaveStale(stale);
    const starters = await Promise.all([1, 2, 3].map(() => startStarter(paths)));
    const begin = Date.now() + 200;
    for (const { stdin } of starters) stdin?.end(String(begin));
    const won = await Promise.all(starters.map(outputOf));
    const winners = won
      .flatMap((lines) => lines.trim().split(/\s+/))
      .filter((round) => round !== "");
    expect(winners.map(Number).toSorted((a, b) => a - b)).toEqual(paths.map((_, round) => round));
  });

  test("is named together with what is wrong and how to put it right", async () => {
    const file = join(directory, "file");
    writeFileSync(file, "");
    const refusals: [Partial<ReceiveOptions>, string][] = [
      [{ path: file }, "something else than a socket is there"],
      [{ path: directory }, "something else than a socket is there"],
      [{ path: join(directory, "none", "x") }, "add RuntimeDirectory= to the unit"],
      [{ path: join(file, "x") }, `${file} is not a directory`],
      [{ path: join(directory, "x".repeat(107)) }, "a socket's path may have 107"],
      [{ group: "no-such-group" }, "Cannot find group no-such-group"],
      [{ listenFd: 9_999 }, "it is no socket"],
    ];
    for (const [options, words] of refusals) await expect(receive(options)).rejects.toThrow(words);
    expect(readdirSync(directory)).toEqual(["file"]);
  });

  test("is named so when the rights are missing", async () => {
    mkdirSync(join(directory, "closed"));
    chmodSync(join(directory, "closed"), 0o555);
    chmodSync(directory, 0o777);
    await withoutRights(async () => {
      await expect(receive({ path: join(directory, "closed", "x") })).rejects.toThrow(
        "this process may not write in directory",
      );
      await expect(receive({ group: "daemon" })).rejects.toThrow(
        "this process is not a member of it",
      );
    });
    expect(readdirSync(directory)).toEqual(["closed"]);
  });
});

describe("sendDatagram()", () => {
  test("says what is the matter at the other end", async () => {
    leaveStale(path);
    await expect(sendDatagram(path, Buffer.from("x"))).rejects.toThrow("nothing listens there");
    await expect(sendDatagram(join(directory, "x"), Buffer.from("x"))).rejects.toThrow(
      "there is no such socket",
    );
    await receive();
    await expect(sendDatagram(path, Buffer.alloc(400_000))).rejects.toThrow(
      "400000 bytes are more than one datagram can have",
    );
  });

  test("waits for room in a full queue", async () => {
    const { received } = await receive();
    let sent = 0;
    while (sendOnce(path, Buffer.from("fill")) === undefined) sent += 1;
    await sendDatagram(path, Buffer.from("last"));
    await vi.waitFor(() => expect(received).toHaveLength(sent + 1));
    expect(received.at(-1)).toBe("last");
  });

  test("gives up after a second when nobody reads", async () => {
    const child = await startIdleListener(path);
    child.kill("SIGSTOP");
    while (sendOnce(path, Buffer.from("fill")) === undefined);
    const clock = new FakeClock();
    const [sending] = await Promise.allSettled([
      sendDatagram(path, Buffer.from("x"), clock),
      clock.advance(1_100),
    ]);
    expect(String(sending.status === "rejected" && sending.reason)).toContain("does not read");
  });
});

async function receive(
  options: Partial<ReceiveOptions> = {},
  onDatagram?: (bytes: Uint8Array, truncated: boolean) => void,
) {
  const received: string[] = [];
  const receiver = await receiveDatagrams(
    { path, mode: 0o660, signal: stop.signal, log: eventLog(), counters, ...options },
    onDatagram ?? ((bytes) => received.push(String(bytes))),
  );
  closers.push(() => receiver.close());
  return { receiver, received };
}

/** Lets the next check of the path come and end. */
async function passCheck(clock: FakeClock): Promise<void> {
  await clock.advance(1_000);
  await vi.waitFor(() => expect(clock.sleeping).toBe(1));
}

function note(event: string): void {
  events.push(event);
}

function eventLog(): Logger {
  const log: Logger = { debug: note, info: note, warn: note, error: note, child: () => log };
  return log;
}

/** What a killed process leaves: its socket file, on which nobody listens. */
function leaveStale(stale: string): void {
  const socket = openSocket();
  socket.bind(stale);
  socket.close();
}

/** A process that looks at every file in a directory, as often as it can, until its input ends. */
function startWatcher(watched: string): Promise<ChildProcess> {
  return startNode(["--eval", watcherSource, watched]);
}

const watcherSource = `
  const { lstatSync, readdirSync } = require("node:fs");
  const { join } = require("node:path");
  const directory = process.argv[1];
  const modes = new Set();
    let isOver = false;
  process.stdin.resume().on("end", () => { isOver = true; });
  (function look() {
    for (let round = 0; round < 50; round += 1) {
      for (const name of readdirSync(directory)) {
        const stats = lstatSync(join(directory, name), { throwIfNoEntry: false });
        if (stats !== undefined) modes.add((stats.mode & 0o777).toString(8));
      }
    }
    if (isOver) console.log(JSON.stringify({ modes: [...modes] }));
    else setImmediate(look);
  })();
  console.log("ready");
`;

/** A process that listens at a path and does nothing else. */
function startIdleListener(at: string): Promise<ChildProcess> {
  const source = `
    require("unix-dgram").createSocket("unix_dgram", () => {}).bind(process.argv[1]);
    console.log("ready");
  `;
  return startNode(["--eval", source, at]);
}

function startStarter(paths: readonly string[]): Promise<ChildProcess> {
  const script = new URL("./processes/take-paths.ts", import.meta.url).pathname;
  return startNode(["--import", "tsx", script, ...paths]);
}

/** Starts Node, and waits for the line with which the program says that it is ready. */
async function startNode(args: readonly string[]): Promise<ChildProcess> {
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  children.push(child);
  await once(child.stdout, "readable");
  child.stdout.read("ready\n".length);
  return child;
}

/** What a program wrote until it ended; it must have ended well. */
async function outputOf(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error("Cannot read the program's output: it has none");
  const [output] = await Promise.all([text(child.stdout), once(child, "exit")]);
  expect(child.exitCode).toBe(0);
  return output;
}

/** Runs something as an ordinary user: root, as whom tests may run, lacks no rights. */
async function withoutRights(run: () => Promise<void>): Promise<void> {
  if (process.getuid?.() !== 0) return await run();
  process.seteuid?.("nobody");
  try {
    await run();
  } finally {
    process.seteuid?.(0);
  }
}

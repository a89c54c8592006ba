import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { webridge } from "../../bridges/webridge/config.ts";
import { settings } from "../../shared/config/section.ts";
import { sdNotify } from "../../shared/lifecycle/sd-notify.ts";
import { sendDatagram } from "../../shared/unix/datagram.ts";
import { openSocket } from "../../shared/unix/socket.ts";
import { Saxbridge, type SaxbridgeRun } from "../support/saxbridge-process.ts";

type UnitName = "saxbridge.service" | "saxbridge-webridge.socket";

let directory: string;
let children: ChildProcess[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "saxbridge-systemd-"));
  children = [];
});

afterEach(() => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(directory, { recursive: true });
});

describe("the units", () => {
  test("are accepted by systemd", () => {
    const { status, stderr } = spawnSync("systemd-analyze", ["verify", ...copyUnits()], {
      encoding: "utf8",
    });
    expect(stderr).toBe("");
    expect(status).toBe(0);
  });

  test("leave little of the system exposed", () => {
    const [service] = copyUnits();
    const report = execFileSync(
      "systemd-analyze",
      ["security", "--offline=true", "--no-pager", service],
      { encoding: "utf8" },
    );
    const exposure = Number(/Overall exposure level for \S+: ([0-9.]+)/.exec(report)?.[1]);
    expect(exposure).toBeLessThanOrEqual(1.5);
  });
});

describe("the units and the program", () => {
  test("mean the same socket", () => {
    const standard = settings(webridge).find(({ variable }) => variable === "WEBRIDGE_SOCKET");
    expect(unit("saxbridge-webridge.socket")).toContain(`ListenDatagram=${standard?.standard}\n`);
  });

  test("agree that a wrong configuration is no reason to restart, and that reading never waits", () => {
    expect(unit("saxbridge.service")).toContain("\nRestartPreventExitStatus=78\n");
    expect(unit("saxbridge.service")).toContain("\nNonBlocking=yes\n");
  });
});

describe("a socket from systemd", () => {
  test("is read to the last datagram, the large and the empty one too", async () => {
    const { path, lines } = await activate();
    for (const size of [1, 0, 65_536, 200_000]) await sendDatagram(path, Buffer.alloc(size, "x"));
    await vi.waitFor(() => expect(lines).toHaveLength(5), { timeout: 20_000 });
    expect(lines).toEqual(["descriptor 3, left: ", "1", "0", "65536", "200000"]);
  });

  test("is read in order when datagrams come thick and fast", async () => {
    const { path, lines } = await activate();
    const sizes = Array.from({ length: 500 }, (_, index) => index);
    for (const size of sizes) await sendPatiently(path, Buffer.alloc(size, "x"));
    await vi.waitFor(() => expect(lines).toHaveLength(501), { timeout: 20_000 });
    expect(lines.slice(1)).toEqual(sizes.map(String));
  });

  test("does not hold up the end of the process", async () => {
    const { child, path, lines } = await activate();
    await sendDatagram(path, Buffer.from("x"));
    await vi.waitFor(() => expect(lines).toHaveLength(2), { timeout: 20_000 });
    const begin = performance.now();
    child.kill("SIGTERM");
    await once(child, "exit");
    expect(child.exitCode).toBe(0);
    expect(performance.now() - begin).toBeLessThan(1_000);
  });

  test("that would block the program is refused with the remedy", async () => {
    const { path, lines } = await activate({ isBlocking: true });
    await sendDatagram(path, Buffer.from("x"));
    await vi.waitFor(() => expect(lines).toHaveLength(2), { timeout: 20_000 });
    expect(lines[1]).toContain("add NonBlocking=yes to the .service unit");
  });
});

describe("sdNotify()", () => {
  test("tells the service manager, one assignment at a time", async () => {
    const path = join(directory, "notify");
    const told: string[] = [];
    const manager = openSocket((bytes) => told.push(String(bytes)));
    manager.bind(path);
    expect(sdNotify("READY=1", { NOTIFY_SOCKET: path })).toBeUndefined();
    expect(sdNotify("STATUS=in the room\nREADY=0", { NOTIFY_SOCKET: path })).toBeUndefined();
    await vi.waitFor(() => expect(told).toEqual(["READY=1", "STATUS=in the room READY=0"]));
    manager.close();
  });

  test("says nothing without a service manager", () => {
    expect(sdNotify("READY=1", {})).toBeUndefined();
    expect(sdNotify("READY=1", { NOTIFY_SOCKET: "" })).toBeUndefined();
  });

  test("gives the reason when the service manager is out of reach", () => {
    expect(sdNotify("READY=1", { NOTIFY_SOCKET: "@abstract" })).toContain("@abstract");
    const gone = join(directory, "gone");
    expect(sdNotify("READY=1", { NOTIFY_SOCKET: gone })).toBe(`ENOENT at ${gone}`);
  });
});

describe("the program under a service manager", () => {
  test("is ready only when it takes announcements", async () => {
    const path = join(directory, "notify");
    const told: string[] = [];
    const manager = openSocket((bytes) => told.push(String(bytes)));
    manager.bind(path);
    const run = await startProgram({ NOTIFY_SOCKET: path });
    await vi.waitFor(() => expect(told).toContain("READY=1"), { timeout: 20_000 });
    await run.terminate();
    await vi.waitFor(() => expect(told).toContain("STOPPING=1"));
    manager.close();
    const before = told.slice(0, told.indexOf("READY=1"));
    expect(before.join("\n")).toContain("announcements opening");
    expect(before.at(-1)).toMatch(/^STATUS=(?!.*announcements)/);
  });

  test("says once that it cannot be told", async () => {
    const gone = join(directory, "gone");
    const run = await startProgram({ NOTIFY_SOCKET: gone });
    await run.waitFor("listening for announcements");
    await run.terminate();
    const lines = run.log.filter(({ event }) => event === "service manager not told");
    expect(lines).toMatchObject([{ level: "warn", why: `ENOENT at ${gone}` }]);
  });
});

function unit(name: UnitName): string {
  return readFileSync(new URL(`../../systemd/${name}`, import.meta.url), "utf8");
}

function copyUnits(): [string, string] {
  return [copyUnit("saxbridge.service"), copyUnit("saxbridge-webridge.socket")];
}

/** Copies a unit, with a program that is there on every machine in place of the installed one. */
function copyUnit(name: UnitName): string {
  const path = join(directory, name);
  writeFileSync(path, unit(name).replace("/usr/bin/saxbridge", process.execPath));
  return path;
}

/** Has systemd's own tool open a socket, and start a program that receives on it at the first datagram. */
async function activate({ isBlocking = false } = {}) {
  const path = join(directory, "activated.sock");
  const script = new URL("./processes/print-inherited.ts", import.meta.url).pathname;
  const program = [process.execPath, "--import", import.meta.resolve("tsx"), script];
  const child = spawn(
    "systemd-socket-activate",
    ["--datagram", `--listen=${path}`, ...(isBlocking ? program : [...nonBlocking, ...program])],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  children.push(child);
  const lines: string[] = [];
  createInterface(child.stdout).on("line", (line) => lines.push(line));
  // "Listening on ... as 3.": from then on the socket is there.
  await once(child.stderr, "data");
  return { child, path, lines };
}

/** What `NonBlocking=yes` does in a unit, which the tool has no option for. */
const nonBlocking = [
  "perl",
  "-MFcntl",
  "-e",
  "BEGIN { $^F = 3 } open(S, '+<&=', 3); fcntl(S, F_SETFL, fcntl(S, F_GETFL, 0) | O_NONBLOCK); exec @ARGV",
];

/** Sends as a site does whose socket blocks: waits for as long as it takes. */
async function sendPatiently(path: string, bytes: Uint8Array): Promise<void> {
  for (let attempt = 0; attempt < 20; attempt += 1) {
    try {
      await sendDatagram(path, bytes);
      return;
    } catch (error) {
      if (attempt === 19) throw error;
    }
  }
}

/** Runs webridge, with an XMPP server that is not there. */
async function startProgram(env: Readonly<Record<string, string>>): Promise<SaxbridgeRun> {
  const saxbridge = await Saxbridge.install({
    XMPP_SERVICE: "xmpp://127.0.0.1:1",
    XMPP_DOMAIN: "localhost",
    XMPP_TLS: "optional",
    WEBRIDGE_XMPP_JID: "webridge@localhost",
    WEBRIDGE_XMPP_PASSWORD: "secret",
    WEBRIDGE_ROOM: "chat@conference.localhost",
  });
  onTestFinished(() => saxbridge.remove());
  return saxbridge.run(["run"], env);
}

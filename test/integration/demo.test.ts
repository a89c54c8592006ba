import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readlinkSync } from "node:fs";
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test, vi } from "vitest";
import { IrcUser } from "../support/users/irc-user.ts";
import { XmppUser } from "../support/users/xmpp-user.ts";

const MAIN = new URL("../../dist/cli/main.js", import.meta.url).pathname;

test("every line that the demo prints works when pasted, and Ctrl-C leaves nothing behind", async () => {
  const demo = await startDemo();
  const [ircCommand, phpCommand, sayCommand] = demo.commands();
  const irc = await IrcUser.connect(demo.irc());
  await irc.join("#demo");
  const xmpp = await XmppUser.connect(demo.xmpp());
  await xmpp.join("demo@conference.localhost", "you");

  await paste(ircCommand);
  await irc.waitForMessage("Hello from IRC");
  await demo.shows("irc: <visitor> Hello from IRC");
  await paste(phpCommand);
  await irc.waitForMessage("<webridge> Hello from PHP");
  await demo.shows("webridge: Hello from PHP");
  await paste(sayCommand);
  await irc.waitForMessage("<webridge> Hello from the shell");
  await demo.shows("webridge: Hello from the shell");
  xmpp.say("/me waves");
  await irc.waitForMessage("* you waves");
  await demo.shows("* you waves");
  irc.say("hello, room");
  await xmpp.waitForMessage("<guest> hello, room");
  expect(demo.output()).not.toContain("\u001b");

  expect(processesIn(demo.directory)).not.toEqual([]);
  demo.signal("SIGINT");
  expect(await demo.exit).toBe(0);
  expect(demo.output()).toContain("Everything that the demo started is gone.");
  expect(processesIn(demo.directory)).toEqual([]);
  expect(readdirSync(demo.directory)).toEqual([]);
});

test("signals that come twice, as below npm, end the demo in good order", async () => {
  const demo = await startDemo();
  demo.signal("SIGINT");
  demo.signal("SIGINT");
  demo.signal("SIGTERM");
  expect(await demo.exit).toBe(0);
  expect(readdirSync(demo.directory)).toEqual([]);
});

test("a signal while the servers start leaves nothing behind", async () => {
  const demo = await launchDemo();
  await vi.waitFor(() => expect(readdirSync(demo.directory)).not.toEqual([]), { timeout: 10_000 });
  demo.signal("SIGTERM");
  expect(await demo.exit).toBe(0);
  expect(processesIn(demo.directory)).toEqual([]);
  expect(readdirSync(demo.directory)).toEqual([]);
});

test("a demo that dies leaves no process behind", async () => {
  const demo = await startDemo();
  demo.signal("SIGKILL");
  await demo.exit;
  await vi.waitFor(() => expect(processesIn(demo.directory)).toEqual([]));
});

test("programs that are not there are named in one sentence with their packages", async () => {
  const programs = await temporaryDirectory();
  await symlink("/bin/true", join(programs, "openssl"));
  const demo = await launchDemo({ PATH: programs });
  // InspIRCd lives in /usr/sbin, which is always looked into.
  expect(await demo.exit).toBe(69);
  expect(demo.output()).toBe(
    'saxbridge: Cannot start the demo: prosody, php not found; "npm run demo" installs what is missing (prosody, php-cli)\n',
  );
  expect(readdirSync(demo.directory)).toEqual([]);
});

test("a directory that cannot be written to is named in one sentence", async () => {
  const demo = await launchDemo({ TMPDIR: "/proc/nowhere" });
  expect(await demo.exit).toBe(69);
  expect(demo.output()).toMatch(/\nsaxbridge: .*\/proc\/nowhere\/saxbridge-demo-.*\n$/);
});

/** Starts the demo and waits until it has said how to talk to it. */
async function startDemo() {
  const demo = await launchDemo();
  await demo.shows("Ctrl-C ends the demo");
  return demo;
}

/** The built demo in a process of its own, with a directory of its own for all that it makes. */
async function launchDemo(env: Readonly<Record<string, string>> = {}) {
  const directory = await temporaryDirectory();
  const child = spawn(process.execPath, [MAIN, "demo"], {
    env: { ...process.env, TMPDIR: directory, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exit = once(child, "close").then(([code]) => Number(code));
  onTestFinished(async () => {
    child.kill("SIGTERM");
    await exit;
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const find = (pattern: RegExp) => {
    const [, found] = pattern.exec(output) ?? [];
    if (found === undefined) throw new Error(`${String(pattern)} is not in: ${output}`);
    return found;
  };
  return {
    directory,
    exit,
    output: () => output,
    signal: (name: NodeJS.Signals) => child.kill(name),
    shows: (text: string) =>
      vi.waitFor(() => expect(output).toContain(text), { timeout: 20_000, interval: 20 }),
    /** The lines to paste, as they were printed. */
    commands: () => [
      find(/^ {2}(bash -c .*)$/m),
      find(/^ {2}(php -r .*)$/m),
      find(/^ {2}(WEBRIDGE_SOCKET=.* say .*)$/m),
    ],
    irc: () => ({ port: Number(find(/irc:\/\/127\.0\.0\.1:(\d+)\/#demo/)), nick: "guest" }),
    xmpp: () => ({
      port: Number(find(/server 127\.0\.0\.1, port (\d+)/)),
      user: find(/(\w+)@localhost, password/),
      password: find(/, password (\w+)/),
    }),
  };
}

async function temporaryDirectory(): Promise<string> {
  // A name that shells and PHP would take apart.
  const directory = await mkdtemp(join(tmpdir(), "saxbridge's $HOME -"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

const run = promisify(execFile);

/** What a person does with a line, in another directory than the one of the demo. */
async function paste(line = ""): Promise<void> {
  await run("bash", ["-c", line], { cwd: "/", timeout: 15_000 });
}

/** The processes that work in this directory or below it. */
function processesIn(directory: string): readonly string[] {
  return readdirSync("/proc").filter((pid) => /^\d+$/.test(pid) && isIn(directory, pid));
}

function isIn(directory: string, pid: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/cwd`).startsWith(`${directory}/`);
  } catch {
    return false; // it has just ended, or is a zombie
  }
}

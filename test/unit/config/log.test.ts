import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Secret } from "../../../shared/config/secret.ts";
import { createLogger } from "../../../shared/observe/log.ts";

type Options = Partial<Parameters<typeof createLogger>[0]>;

function logTo(options: Options = {}) {
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line);
  return { lines, log: createLogger({ level: "debug", format: "json", write, ...options }) };
}

const object = (line: string | undefined): unknown => JSON.parse(line ?? "");

describe("createLogger() for a journal", () => {
  test("writes one JSON object a line with time, level, event and fields, and nothing else", () => {
    const { log, lines } = logTo();
    log.info("room joined", { room: "chat@conference.example.org", tries: 2 });
    expect(lines).toEqual([expect.stringMatching(/^[^\n]*\n$/)]);
    expect(object(lines[0])).toEqual({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      level: "info",
      event: "room joined",
      room: "chat@conference.example.org",
      tries: 2,
    });
  });

  test("drops what is below its level", () => {
    const { log, lines } = logTo({ level: "warn" });
    log.debug("a");
    log.info("b");
    log.warn("c");
    log.error("d");
    expect(lines.map(object)).toMatchObject([{ event: "c" }, { event: "d" }]);
  });

  test("puts the fields of a child into each of its lines, where a line may overrule them", () => {
    const { log, lines } = logTo();
    const child = log.child({ bridge: "webridge", link: "xmpp" }).child({ link: "irc" });
    child.info("a");
    child.info("b", { bridge: "other" });
    log.info("c");
    expect(lines.map(object)).toMatchObject([
      { bridge: "webridge", link: "irc" },
      { bridge: "other", link: "irc" },
      { event: "c" },
    ]);
    expect(lines[0]?.match(/link/g)).toHaveLength(1);
    expect(lines[2]).not.toContain("bridge");
  });

  test("shows an error with its message, code and cause, and with its stack at debug only", () => {
    const { log, lines } = logTo();
    const cause = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
    const error = new Error("Cannot connect", { cause });
    log.warn("link down", { error });
    log.debug("link down", { error });
    const shown = { message: "Cannot connect", cause: { code: "ECONNREFUSED" } };
    expect(lines.map(object)).toMatchObject([{ error: shown }, { error: shown }]);
    expect(lines[0]).not.toContain("log.test.ts");
    expect(lines[1]).toContain("log.test.ts");
  });

  test("shows what is in an error that has no message of its own", () => {
    const { log, lines } = logTo();
    log.warn("link down", { error: new AggregateError([new Error("v4"), new Error("v6")]) });
    expect(object(lines[0])).toMatchObject({ error: { message: "v4; v6" } });
  });

  test("ends on an error that is its own cause", () => {
    const { log, lines } = logTo();
    const error = new Error("ring");
    error.cause = error;
    log.error("bug", { error });
    expect(lines).toHaveLength(1);
  });
});

describe("createLogger() for a terminal", () => {
  test("writes one line to read", () => {
    const { log, lines } = logTo({ format: "pretty" });
    log.info("room joined", { room: "chat@conference.example.org", nick: "two words", tries: 2 });
    log.error("bug");
    expect(lines).toEqual([
      expect.stringMatching(
        /^\d\d:\d\d:\d\d INFO {2}room joined {2}room=chat@conference.example.org nick="two words" tries=2\n$/,
      ),
      expect.stringMatching(/^\d\d:\d\d:\d\d ERROR bug\n$/),
    ]);
  });

  test("writes an error as one sentence", () => {
    const { log, lines } = logTo({ format: "pretty" });
    const cause = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
    log.warn("link down", { error: new Error("Cannot log in", { cause }) });
    expect(lines[0]).toContain('error="Cannot log in: connect ECONNREFUSED (ECONNREFUSED)"\n');
  });

  test("colours the level only when it is told to", () => {
    const plain = logTo({ format: "pretty" });
    const coloured = logTo({ format: "pretty", colours: true });
    plain.log.warn("a");
    coloured.log.warn("a");
    expect(plain.lines[0]).not.toContain("\u001b");
    expect(coloured.lines[0]).toContain("\u001b[33mWARN \u001b[0m a\n");
  });

  test("lets no field move the cursor, end the line or turn it around", () => {
    const text = fc.string({ unit: "binary" });
    fc.assert(
      fc.property(text, (nick) => {
        const { log, lines } = logTo({ format: "pretty" });
        log.info("nick seen", { nick, deep: { nick } });
        expect(lines[0]?.slice(0, -1)).not.toMatch(
          /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u,
        );
      }),
    );
  });
});

test.each(["json", "pretty"] as const)("createLogger() prints no secret as %s", (format) => {
  const { log, lines } = logTo({ format });
  const password = new Secret("hunter2");
  log.info("a", { password, deep: { password } });
  log
    .child({ password })
    .error("b", { error: new Error(`Cannot log in with ${String(password)}`) });
  expect(lines).toHaveLength(2);
  expect(lines.join("")).not.toContain("hunter2");
  expect(lines[0]).toContain("[secret]");
});

import { describe, expect, test } from "vitest";
import { PacedSender } from "../../../shared/irc/pacing.ts";
import { confirmingCapabilities } from "../../../shared/irc/wire/registration.ts";
import type { Fate } from "../../../shared/outbox/drain.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { FakeIrcSession } from "../../support/fake-irc-session.ts";

/** A sender on a server that knows labels, where a test answers each line. */
function world({ capabilities = confirmingCapabilities, answers = false } = {}) {
  const clock = new FakeClock();
  const session = new FakeIrcSession({ answers, capabilities });
  const signal = new AbortController().signal;
  const sender = new PacedSender({ session, clock, burst: 1, intervalMs: 0, signal });
  const fates: (Fate | "pending")[] = [];
  const say = async (text: string, over?: AbortSignal) => {
    const place = fates.push("pending") - 1;
    fates[place] = await sender.say("PRIVMSG", "#channel", text, { over });
  };
  const settled = async () => {
    await clock.advance(0);
    return fates;
  };
  const pong = () => {
    const token = session.sent.findLast((line) => line.startsWith("PING "))?.slice("PING ".length);
    session.hear(`:irc.test PONG irc.test :${token}`);
  };
  return { clock, session, say, settled, pong };
}

const echo = (label: string) => `@label=${label} :relay!relay@host.test PRIVMSG #channel :hello`;

describe("labels", () => {
  test("go with each line, and are short and never the same", async () => {
    const { session, say } = world();
    for (let i = 0; i < 100; i += 1) void say("hello");
    const labels = session.sent.map((line) => /^@label=([a-z0-9]{1,64}) PRIVMSG/.exec(line)?.[1]);
    expect(labels).not.toContain(undefined);
    expect(new Set(labels).size).toBe(100);
  });

  test("an echo delivers its line, and no other", async () => {
    const { session, say, settled } = world();
    void say("1");
    void say("2");
    session.hear(echo("2"));
    expect(await settled()).toEqual(["pending", "delivered"]);
    session.hear(":relay!relay@host.test PRIVMSG #channel :1");
    session.hear(echo("99"));
    expect(await settled()).toEqual(["pending", "delivered"]);
  });

  test("no fence goes out while the server answers within a second", async () => {
    const { clock, session, say, settled } = world({ answers: true });
    for (let i = 0; i < 20; i += 1) {
      void say("hello");
      await clock.advance(500);
    }
    expect(new Set(await settled())).toEqual(new Set(["delivered"]));
    expect(session.sent.filter((line) => line.startsWith("PING"))).toEqual([]);
  });

  test.each([
    [":irc.test 404 relay #channel :Cannot send to channel", { refused: "404" }],
    [":irc.test 999 relay #channel :Nobody knows", { refused: "no echo" }],
    [":irc.test 599 relay #channel :An error that nobody knows", { refused: "599" }],
    [":irc.test FAIL PRIVMSG BLOCKED #channel :No", { refused: "FAIL BLOCKED" }],
    [":irc.test FAIL PRIVMSG RATE_LIMITED :Slow down", "later"],
    [":irc.test 263 relay PRIVMSG :Try again", "later"],
    [":irc.test ACK", { refused: "no echo" }],
    [":irc.test NOTICE relay :Your message was blocked", { refused: "no echo" }],
  ])("%s settles the very line that it answers", async (answer, fate) => {
    const { session, say, settled } = world();
    for (const text of ["1", "2", "3"]) void say(text);
    session.hear(echo("1"));
    session.hear(`@label=2 ${answer}`);
    session.hear(echo("3"));
    expect(await settled()).toEqual(["delivered", fate, "delivered"]);
  });

  test("an answer of several lines settles its line at its end", async () => {
    const { session, say, settled } = world();
    void say("1");
    void say("2");
    session.hear("@label=1 :irc.test BATCH +a labeled-response");
    session.hear("@label=2 :irc.test BATCH +b labeled-response");
    session.hear("@batch=a :irc.test 301 relay anna :away");
    session.hear("@batch=a :relay!relay@host.test PRIVMSG #channel :1");
    session.hear("@batch=b :irc.test 404 relay #channel :No");
    expect(await settled()).toEqual(["pending", "pending"]);
    session.hear(":irc.test BATCH -a");
    session.hear(":irc.test BATCH -b");
    expect(await settled()).toEqual(["delivered", { refused: "404" }]);
  });

  test("an empty answer delivers as long as no echo has ever come", async () => {
    const { session, say, settled } = world();
    void say("1");
    session.hear("@label=1 :irc.test ACK");
    expect(await settled()).toEqual(["delivered"]);
  });

  test("a line refused because we were put out meanwhile may be said again", async () => {
    const { session, say, settled } = world();
    const stay = new AbortController();
    void say("1", stay.signal);
    stay.abort();
    session.hear("@label=1 :irc.test 404 relay #channel :No");
    expect(await settled()).toEqual(["unsent"]);
  });

  test("a line without an answer gets a fence after a second, which proves what came before it", async () => {
    const { clock, session, say, settled, pong } = world();
    void say("1");
    await clock.advance(200);
    void say("2");
    await clock.advance(800);
    expect(session.sent.at(-1)).toMatch(/^PING /);
    pong();
    expect(await settled()).toEqual(["delivered", "delivered"]);
  });

  test("the fence refuses what had no echo where all others had one", async () => {
    const { clock, session, say, settled, pong } = world();
    void say("1");
    void say("2");
    void say("3");
    session.hear(echo("1"));
    await clock.advance(1_000);
    session.hear(echo("3"));
    pong();
    expect(await settled()).toEqual(["delivered", { refused: "no echo" }, "delivered"]);
  });

  test("a refusal without a label counts at the fence", async () => {
    const { clock, session, say, settled, pong } = world();
    void say("1");
    void say("2");
    await clock.advance(1_000);
    session.hear(":irc.test 404 relay #channel :No");
    pong();
    expect(await settled()).toEqual(["delivered", { refused: "404" }]);
  });

  test("a server that answers neither label nor fence is given up", async () => {
    const { clock, session, say, settled } = world();
    void say("1");
    await clock.advance(31_000);
    expect(await session.ended).toBe("no PONG within 30000 ms");
    expect(await settled()).toEqual(["uncertain"]);
    expect(clock.sleeping).toBe(0);
  });

  test("nothing is written while a line is unanswered for more than a second", async () => {
    const { clock, session, say } = world();
    void say("1");
    await clock.advance(1_001);
    void say("2");
    const written = () => session.sent.filter((line) => line.includes("PRIVMSG")).length;
    expect(written()).toBe(1);
    session.hear(echo("1"));
    expect(written()).toBe(2);
  });

  test("are left off, and no echo is missed, when the server withdraws them", async () => {
    const { clock, session, say, settled, pong } = world();
    void say("1");
    session.hear(echo("1"));
    void say("2");
    session.withdraw("labeled-response");
    void say("3");
    expect(session.sent.at(-1)).toBe("PRIVMSG #channel 3");
    await clock.advance(1_000);
    pong();
    expect(await settled()).toEqual(["delivered", "delivered", "delivered"]);
  });

  test.each(confirmingCapabilities)("without %s there are none", (missing) => {
    const capabilities = confirmingCapabilities.filter((name) => name !== missing);
    const { session, say } = world({ capabilities });
    void say("hello");
    expect(session.sent).toEqual(["PRIVMSG #channel hello"]);
  });
});

import { describe, expect, onTestFinished, test } from "vitest";
import { startInspircd } from "../../cli/demo/servers/inspircd.ts";
import { systemClock } from "../../shared/clock.ts";
import { keepNick } from "../../shared/irc/nick-keeper.ts";
import { confirmingCapabilities } from "../../shared/irc/wire/registration.ts";
import { meetOnIrc, relayOnIrc } from "../support/meet-on-irc.ts";
import { startNgircd } from "../support/servers/ngircd.ts";
import { silentLog } from "../support/silent-log.ts";
import { IrcUser } from "../support/users/irc-user.ts";

const never = new AbortController().signal;

const servers = [
  ["InspIRCd", startInspircd],
  ["InspIRCd without capabilities", () => startInspircd({ capabilities: false })],
  ["ngIRCd", startNgircd],
] as const;

test("asks InspIRCd for labels, and proves lines without a fence", async () => {
  const { session, sender, stay } = await meetOnIrc(await startInspircd());
  await stay();
  expect(confirmingCapabilities.every((name) => session.capabilities.has(name))).toBe(true);
  const pongs: unknown[] = [];
  session.onLine((line) => line.command === "PONG" && pongs.push(line));
  expect(await sender.say("PRIVMSG", "#room", "hello")).toBe("delivered");
  expect(pongs).toEqual([]);
});

test("knows what InspIRCd reads and passes on to nobody", async () => {
  const server = await startInspircd();
  const { anna, sender, stay } = await meetOnIrc(server);
  await stay();
  expect(await sender.say("PRIVMSG", "#room", "before")).toBe("delivered");
  await anna.oper(server.oper);
  anna.send("SHUN relay 1h :quiet");
  anna.send("PING done");
  await anna.waitForLine((line) => / PONG .*done$/.test(line));
  expect(await sender.say("PRIVMSG", "#room", "shunned")).toEqual({ refused: "no echo" });
  expect(anna.messages.map(({ text }) => text)).toEqual(["before"]);
});

describe.each(servers)("on %s", (_, start) => {
  test("is in, hears what is said, and comes back after a kick", async () => {
    const { anna, channel, stay } = await meetOnIrc(await start());
    const texts: string[] = [];
    channel.onSpeech(({ nick, kind, text }) => texts.push(`${kind} ${nick}: ${text}`));
    const first = await stay();
    anna.say("hello");
    anna.action("waves");
    anna.say("for the operators", "@#room");
    anna.send("KICK #room relay :out");
    await expect.poll(() => first?.over.aborted).toBe(true);
    expect(channel.inside).toBe(false);
    await stay();
    expect(texts).toEqual(["message anna: hello", "action anna: waves"]);
  });

  test("proves a line by the PONG behind it, and knows a refused one", async () => {
    const { anna, sender, stay } = await meetOnIrc(await start());
    await stay();
    expect(await sender.say("PRIVMSG", "#room", "first")).toBe("delivered");
    anna.send("MODE #room +m");
    await anna.waitForLine((line) => / MODE #room :?\+m/.test(line));
    expect(await sender.say("PRIVMSG", "#ROOM", "second")).toEqual({ refused: "404" });
    expect(anna.messages.map(({ text }) => text)).toEqual(["first"]);
  });

  test("knows which of many lines are refused, and hears none of its own", async () => {
    const { anna, channel, sender, stay } = await meetOnIrc(await start());
    await stay();
    const heard: string[] = [];
    channel.onSpeech(({ text }) => heard.push(text));
    anna.send("MODE #room +m");
    anna.send("MODE #room +v relay");
    await anna.waitForLine((line) => / MODE #room \+v/.test(line));
    const targets = ["#room", "#nowhere", "#room", "#nowhere", "#room"];
    const fates = await Promise.all(
      targets.map((target, i) => sender.say("PRIVMSG", target, `line ${i}`)),
    );
    anna.say("done");
    await expect.poll(() => heard).toEqual(["done"]);
    expect(fates.map((fate) => typeof fate)).toEqual(
      targets.map((target) => (target === "#room" ? "string" : "object")),
    );
    expect(anna.messages.map(({ text }) => text)).toEqual(["line 0", "line 2", "line 4"]);
  });

  test("has its nick back when the holder leaves", async () => {
    const server = await start();
    const holder = await IrcUser.connect({ port: server.port, nick: "relay" });
    const { anna, session, stay } = await meetOnIrc(server);
    await holder.join("#room");
    await stay();
    expect(session.nick).not.toBe("relay");
    void keepNick({ session, wanted: "relay", clock: systemClock, log: silentLog, signal: never });
    holder.quit();
    await anna.waitForLine((line) => / NICK :?relay$/.test(line));
    await expect.poll(() => session.nick).toBe("relay");
  });
});

test("says five thousand lines without a loss to a server without limits", async () => {
  const { anna, sender, stay } = await meetOnIrc(await startInspircd());
  await stay();
  const texts = Array.from({ length: 5_000 }, (_, i) => `line ${i}`);
  const fates = await Promise.all(texts.map((text) => sender.say("PRIVMSG", "#room", text)));
  expect(new Set(fates)).toEqual(new Set(["delivered"]));
  await anna.waitForMessage("line 4999");
  expect(anna.messages.map(({ text }) => text)).toEqual(texts);
});

test("leaves a channel that it was forwarded to", async () => {
  const server = await startInspircd();
  onTestFinished(() => server.stop());
  const anna = await IrcUser.connect({ port: server.port, nick: "anna" });
  await anna.join("##overflow");
  await anna.join("#full");
  anna.send("MODE #full +lL 1 ##overflow");
  await anna.waitForLine((line) => line.includes(" MODE #full +lL"));
  const { channel } = await relayOnIrc(server, { channel: "#full" });
  await anna.waitForLine((line) => /^:relay!.* PART :?##overflow/.test(line));
  expect(channel.inside).toBe(false);
});

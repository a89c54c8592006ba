import { expect, test } from "vitest";
import { startInspircd } from "../../cli/demo/servers/inspircd.ts";
import { meetOnIrc } from "../support/meet-on-irc.ts";

/** As configured when nothing is. */
const pace = { burst: 5, intervalMs: 2_000 };

/** Says so many lines at once, on a server with the limits that it comes with; returns what was heard. */
async function sayAtOnce(count: number, { capabilities }: { readonly capabilities: boolean }) {
  const server = await startInspircd({ flood: "stock", capabilities });
  const { anna, sender, stay } = await meetOnIrc(server, { pace });
  await stay();
  const texts = Array.from({ length: count }, (_, i) => `line ${i}`);
  const fates = await Promise.all(texts.map((text) => sender.say("PRIVMSG", "#room", text)));
  await anna.waitForMessage(`line ${count - 1}`);
  return { texts, fates: new Set(fates), heard: anna.messages.map(({ text }) => text) };
}

test("two hundred lines at once are no flood, whether labels or fences prove them", async () => {
  const both = [true, false].map((capabilities) => sayAtOnce(200, { capabilities }));
  for (const { texts, fates, heard } of await Promise.all(both)) {
    expect(heard).toEqual(texts);
    expect(fates).toEqual(new Set(["delivered"]));
  }
}, 600_000);

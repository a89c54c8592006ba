import { expect, onTestFinished, test } from "vitest";
import { Saxbridge } from "../support/saxbridge-process.ts";
import { DOMAIN, ScriptedXmppServer, type XmppScript } from "../support/scripted-xmpp-server.ts";

const lies: readonly (readonly [string, XmppScript])[] = [
  [
    "hangs up on every stream",
    {
      open(client) {
        client.drop();
        return true;
      },
    },
  ],
  ["opens no stream", { open: () => true }],
  ["binds no resource", { answer: (element) => element.includes("<bind") }],
];

test.each(lies)("a server that %s does not hold up a stop", async (_, script) => {
  const server = await ScriptedXmppServer.start(script);
  onTestFinished(() => server.close());
  const saxbridge = await Saxbridge.install({
    XMPP_SERVICE: server.service,
    XMPP_DOMAIN: DOMAIN,
    XMPP_TLS: "optional",
    WEBRIDGE_XMPP_JID: `webridge@${DOMAIN}`,
    WEBRIDGE_XMPP_PASSWORD: "secret",
    WEBRIDGE_ROOM: `chat@conference.${DOMAIN}`,
  });
  onTestFinished(() => saxbridge.remove());
  const run = saxbridge.run();
  const client = await server.client();
  if (script.answer !== undefined) await client.waitForElement(/<bind/);
  const since = performance.now();
  const { code } = await run.terminate();
  expect(code).toBe(0);
  expect(performance.now() - since).toBeLessThan(3_000);
});

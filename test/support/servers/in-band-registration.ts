import { escapeXml } from "../users/stanza-text.ts";
import { XmppStream } from "../users/xmpp-stream.ts";

/**
 * Makes accounts by in-band registration (XEP-0077) before login, as ejabberd allows it when it is
 * told so. An account that exists is left alone; any other refusal rejects.
 */
export async function registerUsers(
  port: number,
  domain: string,
  users: Readonly<Record<string, string>>,
): Promise<void> {
  const stream = await XmppStream.open({ port, domain, who: "registration" });
  try {
    for (const [user, password] of Object.entries(users)) {
      const answer = await stream.request(
        `<iq type='set' to='${domain}'><query xmlns='jabber:iq:register'>` +
          `<username>${escapeXml(user)}</username><password>${escapeXml(password)}</password></query></iq>`,
      );
      if (answer.includes("<error") && !answer.includes("<conflict")) {
        throw new Error(`Cannot register ${user}: the server answered ${answer}`);
      }
    }
  } finally {
    stream.close();
  }
}

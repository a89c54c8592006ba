import { isBareJid, parseJid } from "../xmpp/wire/jid.ts";
import { fromText } from "./types.ts";

/** The JID of an account, without resource: the server gives one to each session. */
export const bareJid = () =>
  fromText("a JID such as webridge@example.org, without resource", (text) =>
    isBareJid(text) ? text : undefined,
  );

/** The JID of a room. */
export const roomJid = () =>
  fromText("a room such as chat@conference.example.org", (text) =>
    isBareJid(text) ? text : undefined,
  );

/** The domain of an XMPP server, which need not be the name of its host. */
export const domain = () =>
  fromText("a domain such as example.org", (text) => {
    const jid = parseJid(text);
    return jid?.local === undefined && jid?.resource === undefined ? jid?.domain : undefined;
  });

/** RFC 6120 section 8.3.3: the conditions of stanza errors. */
export const STANZA_ERRORS = "urn:ietf:params:xml:ns:xmpp-stanzas";
/** XEP-0045: joining. */
export const MUC = "http://jabber.org/protocol/muc";
/** XEP-0045: what a room adds to presence and messages. */
export const MUC_USER = "http://jabber.org/protocol/muc#user";
/** XEP-0045: configuring a room. */
export const MUC_OWNER = "http://jabber.org/protocol/muc#owner";
/** XEP-0004. */
export const DATA_FORM = "jabber:x:data";
/** XEP-0030. */
export const DISCO_INFO = "http://jabber.org/protocol/disco#info";
/** XEP-0059. */
export const RESULT_SET = "http://jabber.org/protocol/rsm";
/** XEP-0092. */
export const VERSION = "jabber:iq:version";
/** XEP-0199. */
export const PING = "urn:xmpp:ping";
/** XEP-0203. */
export const DELAY = "urn:xmpp:delay";
/** XEP-0297. */
export const FORWARD = "urn:xmpp:forward:0";
/** XEP-0313. */
export const ARCHIVE = "urn:xmpp:mam:2";
/** XEP-0359. */
export const STANZA_IDS = "urn:xmpp:sid:0";
/** XEP-0380. */
export const ENCRYPTION = "urn:xmpp:eme:0";
/** XEP-0198. */
export const STREAM_MANAGEMENT = "urn:xmpp:sm:3";

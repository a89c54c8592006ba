import type { XmppServer } from "../../cli/demo/servers/xmpp-server.ts";
import { systemClock as clock } from "../../shared/clock.ts";
import { attribute, children, childText, escapeXml } from "../support/users/stanza-text.ts";
import { type HeardMessage, type SeenPresence, XmppUser } from "../support/users/xmpp-user.ts";
import type { Chronicle } from "./chronicle.ts";
import { formatNumber } from "./numbers.ts";
import { Person } from "./person.ts";
import { type RoomMessage, Transcript } from "./transcript.ts";

/** The accounts of a run; `admin` is owner of every room. */
export const accounts = { admin: "x", alice: "a", webridge: "w", relay: "r" } as const;

export const roomJid = "lounge@conference.localhost";

/** Nicks of people; whoever else speaks in the room is a bridge. */
/** The relay's wanted nick in the room. */
export const relayNick = "irc";

/** The nick of the one who says numbers. */
export const roomSpeaker = "alice";
const LISTENER = "admin";

const RENAME_TRIES = 50;
const RENAME_PAUSE_MS = 100;

const MUC = "http://jabber.org/protocol/muc";
const MAM = "urn:xmpp:mam:2";
const RSM = "http://jabber.org/protocol/rsm";
const PAGE = 50;
const MOST_PAGES = 10_000;

/** The XMPP room of a run: somebody who speaks in it, somebody who listens, and its owner. */
export class Room {
  readonly transcript = new Transcript();
  /** When the relay came in, as the listener saw it. */
  readonly relayCame: number[] = [];
  readonly speaker: Person<XmppUser>;
  readonly listener: Person<XmppUser>;
  readonly #server: XmppServer;
  readonly #chronicle: Chronicle;
  #said = 0;

  constructor(server: XmppServer, chronicle: Chronicle) {
    this.#server = server;
    this.#chronicle = chronicle;
    this.speaker = new Person("alice", () => this.#enter(roomSpeaker), chronicle);
    this.listener = new Person("listener in the room", () => this.#listen(), chronicle);
  }

  /** The last number that the speaker tried to say. */
  get said(): number {
    return this.#said;
  }

  /** Says the next number, if the speaker is inside. */
  sayNext(): void {
    const { user } = this.speaker;
    if (user === undefined) return;
    this.#said += 1;
    user.say(formatNumber({ tag: "x", number: this.#said }));
  }

  /**
   * Gives the speaker another nick, as soon as nobody has it any more; whoever is outside comes back
   * under the old one.
   */
  async renameSpeaker(nick: string): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.speaker.user?.changeNick(nick);
      } catch (error) {
        if (tries === RENAME_TRIES) throw error;
        await clock.sleep(RENAME_PAUSE_MS);
      }
    }
  }

  /** Completes the transcript from the room's archive. */
  async readArchive(): Promise<void> {
    const clerk = await this.#logIn(LISTENER, "clerk");
    const messages: RoomMessage[] = [];
    let after = "";
    for (let pages = 1; ; pages += 1) {
      const page = await readPage(clerk, after);
      messages.push(...page.messages);
      if (page.isLast) break;
      if (pages === MOST_PAGES) throw new Error(`The archive has more than ${pages} pages`);
      after = `<after>${page.last}</after>`;
    }
    clerk.close();
    this.transcript.merge(messages);
  }

  /** Kicks the occupant with this account; rejects when there is none. */
  async kick(account: keyof typeof accounts): Promise<void> {
    // XEP-0045 section 8.2 lets only somebody in the room kick.
    const moderator = this.listener.user;
    if (moderator === undefined) throw new Error("the moderator is not in the room");
    const answers = await Promise.all(
      ROLES.map((role) => ask(moderator, "get", "admin", item({ role }))),
    );
    const nick = answers
      .flatMap((answer) => children(children(answer, "query")[0] ?? "", "item"))
      .filter((occupant) => attribute(occupant, "jid")?.startsWith(`${jidOf(account)}/`))
      .map((occupant) => attribute(occupant, "nick"))[0];
    if (nick === undefined) throw new Error(`${account} is not in the room`);
    await ask(moderator, "set", "admin", item({ nick, role: "none" }));
  }

  async ban(account: keyof typeof accounts): Promise<void> {
    await this.#setAffiliation(account, "outcast");
  }

  async unban(account: keyof typeof accounts): Promise<void> {
    await this.#setAffiliation(account, "none");
  }

  /** Destroys the room; whoever comes in next makes it anew. */
  async destroy(): Promise<void> {
    await this.readArchive();
    await this.#own("owner", "<destroy/>");
    this.transcript.beginAnew();
  }

  async #setAffiliation(account: keyof typeof accounts, affiliation: string): Promise<void> {
    await this.#own("admin", item({ jid: jidOf(account), affiliation }));
  }

  /** Does something as the owner, who need not be in the room for it. */
  async #own(as: "admin" | "owner", content: string): Promise<void> {
    const owner = await this.#logIn(LISTENER, "owner");
    try {
      await ask(owner, "set", as, content);
    } finally {
      owner.close();
    }
  }

  async #listen(): Promise<XmppUser> {
    const user = await this.#logIn(LISTENER, "listener");
    user.onMessage((message) => {
      const heard = readMessage(message);
      if (heard === undefined) return;
      this.transcript.hear(heard);
      this.#chronicle.add("room", `<${heard.nick}> ${heard.body}`);
    });
    const inside = new Set<string>();
    user.onPresence((presence) => {
      const jid = readJid(presence);
      if (jid?.startsWith(`${jidOf("relay")}/`) !== true) return;
      if (presence.type !== "available") inside.delete(jid);
      else if (!inside.has(jid)) {
        inside.add(jid);
        this.relayCame.push(Date.now());
      }
    });
    return this.#join(user, LISTENER);
  }

  async #enter(nick: "alice"): Promise<XmppUser> {
    return this.#join(await this.#logIn(nick, "chaos"), nick);
  }

  async #join(user: XmppUser, nick: string): Promise<XmppUser> {
    user.onPresence((presence) => {
      const isOwn = presence.nick === (user.nick === "" ? nick : user.nick);
      // XEP-0045 section 7.6: 303 says that the same occupant has another nick from now on.
      const isGone = presence.type === "unavailable" && !presence.statuses.includes(303);
      if (isOwn && isGone) user.break();
    });
    try {
      await user.join(roomJid, nick);
      return user;
    } catch (error) {
      user.break();
      throw error;
    }
  }

  #logIn(user: keyof typeof accounts, resource: string): Promise<XmppUser> {
    const { port } = this.#server;
    return XmppUser.connect({ port, user, password: accounts[user], resource });
  }
}

/** Asks the room something; rejects when it refuses. */
async function ask(
  user: XmppUser,
  type: "get" | "set",
  as: "admin" | "owner",
  content: string,
): Promise<string> {
  const query = `<query xmlns='${MUC}#${as}'>${content}</query>`;
  const answer = await user.request(`<iq type='${type}' to='${roomJid}'>${query}</iq>`);
  if (attribute(answer, "type") !== "result") throw new Error(`Refused: ${answer}`);
  return answer;
}

const ROLES = ["moderator", "participant", "visitor"];

function item(attributes: Readonly<Record<string, string>>): string {
  const written = Object.entries(attributes).map(
    ([name, value]) => `${name}='${escapeXml(value)}'`,
  );
  return `<item ${written.join(" ")}/>`;
}

function jidOf(account: keyof typeof accounts): string {
  return `${account}@localhost`;
}

/** Whose presence it is, as the room tells its owner. */
function readJid({ raw }: SeenPresence): string | undefined {
  const [details = ""] = children(raw, "x").filter((x) => attribute(x, "xmlns") === `${MUC}#user`);
  return attribute(children(details, "item")[0] ?? "", "jid");
}

function readMessage({ raw, nick, body }: HeardMessage): RoomMessage | undefined {
  const id = children(raw, "stanza-id").find((child) => attribute(child, "by") === roomJid);
  const stanzaId = id && attribute(id, "id");
  return stanzaId === undefined ? undefined : { stanzaId, nick, body, at: Date.now() };
}

interface Page {
  readonly messages: readonly RoomMessage[];
  readonly isLast: boolean;
  /** The id behind which the next page begins, escaped. */
  readonly last: string;
}

async function readPage(clerk: XmppUser, after: string): Promise<Page> {
  const seen = clerk.stanzas.length;
  const answer = await clerk.request(
    `<iq type='set' to='${roomJid}'><query xmlns='${MAM}'>` +
      `<set xmlns='${RSM}'><max>${PAGE}</max>${after}</set></query></iq>`,
  );
  const [fin] = children(answer, "fin");
  if (fin === undefined) throw new Error(`The archive refused: ${answer}`);
  const [set = ""] = children(fin, "set");
  const last = childText(set, "last");
  return {
    messages: clerk.stanzas.slice(seen).flatMap(readResult),
    isLast: attribute(fin, "complete") === "true" || last === undefined,
    last: last ?? "",
  };
}

function readResult(stanza: string): readonly RoomMessage[] {
  const [result] = children(stanza, "result");
  if (result === undefined || attribute(result, "xmlns") !== MAM) return [];
  const [forwarded = ""] = children(result, "forwarded");
  const [delay = ""] = children(forwarded, "delay");
  const [message = ""] = children(forwarded, "message");
  const body = childText(message, "body");
  if (body === undefined) return [];
  const nick = (attribute(message, "from") ?? "").slice(roomJid.length + 1);
  const at = Date.parse(attribute(delay, "stamp") ?? "");
  return [{ stanzaId: attribute(result, "id") ?? "", nick, body, at }];
}

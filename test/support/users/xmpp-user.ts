import { randomUUID } from "node:crypto";
import { type Matches, Received } from "./received.ts";
import { attribute, children, childText, escapeXml, nameOf } from "./stanza-text.ts";
import { XmppStream } from "./xmpp-stream.ts";

/** What somebody said in the room, as this user heard it. */
export interface HeardMessage {
  readonly nick: string;
  readonly body: string;
  readonly id: string | undefined;
  /** Whether it carries a delay (XEP-0203), as history does. */
  readonly delayed: boolean;
  readonly raw: string;
}

/** An occupant's presence, as this user saw it. */
export interface SeenPresence {
  readonly nick: string;
  readonly type: "available" | "unavailable" | "error";
  /** The MUC status codes (XEP-0045 section 15.6). */
  readonly statuses: readonly number[];
  readonly affiliation: string | undefined;
  readonly role: string | undefined;
  readonly raw: string;
}

/** Who logs in, and where. */
export interface XmppUserOptions {
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly domain?: string;
  readonly resource?: string;
}

const TIMEOUT_MS = 10_000;
const MUC = "http://jabber.org/protocol/muc";

/** A person in one XMPP room, played over a plain socket: independent of every library under test. */
export class XmppUser {
  readonly jid: string;
  readonly #stream: XmppStream;
  readonly #messages: Received<HeardMessage>;
  readonly #presences: Received<SeenPresence>;
  #room = "";
  #nick = "";

  private constructor(stream: XmppStream, jid: string, who: string) {
    this.jid = jid;
    this.#stream = stream;
    this.#messages = new Received(who, ({ nick, body }) => `<${nick}> ${body}`);
    this.#presences = new Received(who, ({ raw }) => raw);
    stream.onStanza((stanza) => this.#read(stanza));
    stream.onEnd((reason) => {
      this.#messages.end(reason);
      this.#presences.end(reason);
    });
  }

  /** Logs in; rejects when the server refuses. */
  static async connect(options: XmppUserOptions): Promise<XmppUser> {
    const { port, user, password, domain = "localhost", resource = "test" } = options;
    const stream = await XmppStream.open({ port, domain, who: user });
    const jid = await stream.logIn(user, password, resource);
    return new XmppUser(stream, jid, user);
  }

  /** What was said in the room, by this user too. */
  get messages(): readonly HeardMessage[] {
    return this.#messages.items;
  }

  get presences(): readonly SeenPresence[] {
    return this.#presences.items;
  }

  /** Everything that came, as it was written. */
  get stanzas(): readonly string[] {
    return this.#stream.stanzas.items;
  }

  /** The nick in the room as it is now. */
  get nick(): string {
    return this.#nick;
  }

  /** Forgets what came until now, so that the next wait sees only what comes later. */
  forget(): void {
    this.#messages.forget();
    this.#presences.forget();
    this.#stream.stanzas.forget();
  }

  /** Calls the listener with every message from now on. */
  onMessage(listener: (message: HeardMessage) => void): void {
    this.#messages.listen(listener);
  }

  /** Calls the listener with every presence from now on. */
  onPresence(listener: (presence: SeenPresence) => void): void {
    this.#presences.listen(listener);
  }

  /** Calls the listener when the stream is over. */
  onEnd(listener: () => void): void {
    this.#stream.onEnd(listener);
  }

  /** Enters the room with as much history as asked for (none by default); rejects when refused. */
  async join(
    room: string,
    nick: string,
    { history = 0, password }: { readonly history?: number; readonly password?: string } = {},
  ): Promise<void> {
    this.#room = room;
    const key = password === undefined ? "" : `<password>${escapeXml(password)}</password>`;
    this.send(
      `<presence to='${escapeXml(`${room}/${nick}`)}'><x xmlns='${MUC}'>` +
        `<history maxstanzas='${history}'/>${key}</x></presence>`,
    );
    const answer = await this.#nextPresence((p) => p.type === "error" || isOwn(p));
    if (answer.type === "error") throw new Error(`Cannot join ${room}: ${answer.raw}`);
    this.#nick = answer.nick;
  }

  /** Says something in the room and returns the message's id. */
  say(body: string, id: string = randomUUID()): string {
    this.#groupchat(`<body>${escapeXml(body)}</body>`, id);
    return id;
  }

  /** Sets the room's subject. */
  subject(text: string): void {
    this.#groupchat(`<subject>${escapeXml(text)}</subject>`, randomUUID());
  }

  /** Writes any XML on the stream. */
  send(xml: string): void {
    this.#stream.send(xml);
  }

  /** Sends an IQ without `id` and resolves with the answer, result or error. */
  request(iq: string): Promise<string> {
    return this.#stream.request(iq);
  }

  /** Takes another nick in the room; rejects when it is refused. */
  async changeNick(nick: string): Promise<void> {
    this.send(`<presence to='${escapeXml(`${this.#room}/${nick}`)}'/>`);
    const answer = await this.#nextPresence(
      (p) => p.type === "error" || (isOwn(p) && p.type === "available"),
    );
    if (answer.type === "error") throw new Error(`Cannot become ${nick}: ${answer.raw}`);
    this.#nick = answer.nick;
  }

  /** Leaves the room; resolves when the room has confirmed it. */
  async leave(): Promise<void> {
    this.send(`<presence type='unavailable' to='${escapeXml(`${this.#room}/${this.#nick}`)}'/>`);
    await this.#nextPresence((p) => p.type === "unavailable" && isOwn(p));
  }

  /** Takes the occupant out of the room (XEP-0045 section 8.2). */
  kick(nick: string, reason = ""): Promise<void> {
    return this.#administer(`nick='${escapeXml(nick)}' role='none'`, reason);
  }

  /** Bans the bare JID (XEP-0045 section 9.1). */
  ban(jid: string, reason = ""): Promise<void> {
    return this.setAffiliation(jid, "outcast", reason);
  }

  /** Makes the bare JID `owner`, `admin`, `member`, `none` or `outcast`. */
  setAffiliation(jid: string, affiliation: string, reason = ""): Promise<void> {
    return this.#administer(`jid='${escapeXml(jid)}' affiliation='${affiliation}'`, reason);
  }

  /** Makes the occupant `moderator`, `participant` or `visitor`: without voice in a moderated room. */
  setRole(nick: string, role: string): Promise<void> {
    return this.#administer(`nick='${escapeXml(nick)}' role='${role}'`, "");
  }

  /** Sets fields of the room's configuration, such as `muc#roomconfig_membersonly` to `1`. */
  async configure(fields: Readonly<Record<string, string>>): Promise<void> {
    const values = Object.entries(fields).map(
      ([name, value]) => `<field var='${name}'><value>${escapeXml(value)}</value></field>`,
    );
    await this.#own(
      "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'>" +
        `<value>${MUC}#roomconfig</value></field>${values.join("")}</x>`,
    );
  }

  /** Destroys the room (XEP-0045 section 10.9), naming another place to go if there is one. */
  async destroy(alternate?: string): Promise<void> {
    await this.#own(
      alternate === undefined ? "<destroy/>" : `<destroy jid='${escapeXml(alternate)}'/>`,
    );
  }

  /** The first message with this body, or for which it is true; looks at what came before, too. */
  waitForMessage(
    wanted: string | Matches<HeardMessage>,
    timeoutMs = TIMEOUT_MS,
  ): Promise<HeardMessage> {
    const matches = typeof wanted === "string" ? isSaid(wanted) : wanted;
    return this.#messages.wait(`the message ${String(wanted)}`, matches, timeoutMs);
  }

  /** The first presence for which it is true; for a string, the first of that nick in the room. */
  waitForPresence(
    wanted: string | Matches<SeenPresence>,
    timeoutMs = TIMEOUT_MS,
  ): Promise<SeenPresence> {
    const matches = typeof wanted === "string" ? isHere(wanted) : wanted;
    return this.#presences.wait(`the presence ${String(wanted)}`, matches, timeoutMs);
  }

  /** The first stanza of any kind for which it is true. */
  waitForStanza(matches: Matches<string>, timeoutMs = TIMEOUT_MS): Promise<string> {
    return this.#stream.wait(`the stanza ${String(matches)}`, matches, timeoutMs);
  }

  /** Logs out. */
  close(): void {
    this.#stream.close();
  }

  /** Breaks the connection as a lost network would. */
  break(): void {
    this.#stream.break();
  }

  #nextPresence(matches: Matches<SeenPresence>): Promise<SeenPresence> {
    return this.#presences.next("the room's answer", matches, TIMEOUT_MS);
  }

  #groupchat(content: string, id: string): void {
    const to = escapeXml(this.#room);
    this.send(`<message type='groupchat' to='${to}' id='${escapeXml(id)}'>${content}</message>`);
  }

  #administer(item: string, reason: string): Promise<void> {
    return this.#query(
      "admin",
      `<item ${item}>${reason === "" ? "" : `<reason>${escapeXml(reason)}</reason>`}</item>`,
    );
  }

  #own(content: string): Promise<void> {
    return this.#query("owner", content);
  }

  async #query(as: "admin" | "owner", content: string): Promise<void> {
    const to = escapeXml(this.#room);
    const query = `<query xmlns='${MUC}#${as}'>${content}</query>`;
    const answer = await this.request(`<iq type='set' to='${to}'>${query}</iq>`);
    if (attribute(answer, "type") !== "result") throw new Error(`The room refused: ${answer}`);
  }

  #read(stanza: string): void {
    const name = nameOf(stanza);
    if (name === "iq") this.#answer(stanza);
    const [room, nick] = splitOccupant(attribute(stanza, "from") ?? "");
    if (room !== this.#room) return;
    if (name === "message") this.#hear(stanza, nick);
    if (name === "presence") this.#presences.add(readPresence(stanza, nick));
  }

  #hear(stanza: string, nick: string): void {
    const body = childText(stanza, "body");
    if (body === undefined || attribute(stanza, "type") !== "groupchat") return;
    const delayed = children(stanza, "delay").length > 0;
    this.#messages.add({ nick, body, id: attribute(stanza, "id"), delayed, raw: stanza });
  }

  /** RFC 6120 section 8.2.3: every get and set gets an answer. */
  #answer(iq: string): void {
    if (!["get", "set"].includes(attribute(iq, "type") ?? "")) return;
    const to = escapeXml(attribute(iq, "from") ?? "");
    const id = escapeXml(attribute(iq, "id") ?? "");
    const address = `id='${id}'${to === "" ? "" : ` to='${to}'`}`;
    if (children(iq, "ping").length > 0) this.send(`<iq type='result' ${address}/>`);
    else {
      this.send(
        `<iq type='error' ${address}><error type='cancel'>` +
          "<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
      );
    }
  }
}

function isSaid(body: string): Matches<HeardMessage> {
  return (message) => message.body === body;
}

function isHere(nick: string): Matches<SeenPresence> {
  return (presence) => presence.nick === nick && presence.type === "available";
}

/** XEP-0045 section 7.2.2: only our own presence carries 110. */
function isOwn(presence: SeenPresence): boolean {
  return presence.statuses.includes(110);
}

function splitOccupant(jid: string): readonly [string, string] {
  const slash = jid.indexOf("/");
  return slash === -1 ? [jid, ""] : [jid.slice(0, slash), jid.slice(slash + 1)];
}

function readPresence(raw: string, nick: string): SeenPresence {
  const details = children(raw, "x").find((x) => attribute(x, "xmlns") === `${MUC}#user`) ?? "";
  const [item = ""] = children(details, "item");
  const type = attribute(raw, "type");
  return {
    nick,
    type: type === "unavailable" || type === "error" ? type : "available",
    statuses: children(details, "status").map((status) => Number(attribute(status, "code"))),
    affiliation: attribute(item, "affiliation"),
    role: attribute(item, "role"),
    raw,
  };
}

import type { FakeRequest, FakeXmppSession } from "./fake-xmpp-session.ts";

/** One message as an archive keeps it. */
export interface Archived {
  readonly id: string;
  /** What the room sent then. */
  readonly xml: string;
  readonly stamp: number;
}

export interface FakeArchiveOptions {
  readonly room: string;
  /** Messages of one page at most, whatever is asked for. */
  readonly most?: number;
  /** What becomes of an `after` that is not known: item-not-found (XEP-0059), or all or nothing comes after it. */
  readonly unknown?: "refused" | "first" | "last";
}

/** The archive of a room: answers each question for a page from what it holds. */
export class FakeArchive {
  readonly entries: Archived[] = [];
  readonly #options: FakeArchiveOptions;

  constructor(options: FakeArchiveOptions) {
    this.#options = options;
  }

  /** Answers the oldest question of this session, which has to be one for the archive. */
  answer(session: FakeXmppSession): void {
    const request = session.requests.shift();
    if (request?.iq.includes("urn:xmpp:mam:2") !== true)
      throw new Error("The archive is not asked");
    this.#answer(session, request);
  }

  #answer(session: FakeXmppSession, { iq, answer }: FakeRequest): void {
    const { room, most = Infinity, unknown = "refused" } = this.#options;
    const after = textOf(iq, "after");
    const start = Date.parse(/var="start"><value>([^<]*)/.exec(iq)?.[1] ?? "1970-01-01");
    const known = this.entries.findIndex(({ id }) => id === after);
    if (after !== undefined && known === -1 && unknown === "refused") {
      return answer(
        `<iq type="error" from="${room}"><error type="modify"><item-not-found xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>`,
      );
    }
    const isLast = after !== undefined && known === -1 && unknown === "last";
    const rest = (isLast ? [] : this.entries.slice(known + 1)).filter(
      ({ stamp }) => stamp >= start,
    );
    const page = rest.slice(0, Math.min(most, Number(textOf(iq, "max"))));
    const queryId = /queryid="([^"]*)"/.exec(iq)?.[1] ?? "";
    for (const { id, stamp, xml } of page) {
      session.hear(
        `<message from="${room}"><result xmlns="urn:xmpp:mam:2" queryid="${queryId}" id="${id}">` +
          `<forwarded xmlns="urn:xmpp:forward:0"><delay xmlns="urn:xmpp:delay" stamp="${new Date(stamp).toISOString()}"/>` +
          `${xml.replace("<message ", '<message xmlns="jabber:client" ')}</forwarded></result></message>`,
      );
    }
    const last = page.at(-1);
    answer(
      `<iq type="result" from="${room}"><fin xmlns="urn:xmpp:mam:2" complete="${page.length === rest.length}">` +
        `<set xmlns="http://jabber.org/protocol/rsm">${last === undefined ? "" : `<last>${last.id}</last>`}</set></fin></iq>`,
    );
  }
}

function textOf(xml: string, name: string): string | undefined {
  return new RegExp(`<${name}>([^<]*)`).exec(xml)?.[1];
}

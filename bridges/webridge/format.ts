import type { Announcement, SiteEvent } from "./parse.ts";

/** How one type of event is told: what stands behind the name, and before the rest where there is one. */
interface Phrase {
  readonly verb: string;
  readonly what: string;
  readonly where: string;
}

/**
 * The types of events with words of their own. Bots read these lines, so that changing one is a change
 * of an interface: what a name did stands directly behind it.
 */
const PHRASES: ReadonlyMap<string, Phrase> = new Map(
  Object.entries({
    add: { verb: "added", what: " ", where: " to " },
    comment: { verb: "commented", what: " on ", where: " in " },
    delete: { verb: "deleted", what: " ", where: " from " },
    download: { verb: "downloaded", what: " ", where: " from " },
    edit: { verb: "edited", what: " ", where: " in " },
    like: { verb: "liked", what: " ", where: " in " },
    login: { verb: "entered", what: " ", where: " at " },
    logout: { verb: "left", what: " ", where: " at " },
    move: { verb: "moved", what: " ", where: " to " },
    publish: { verb: "published", what: " ", where: " in " },
    register: { verb: "registered", what: " as ", where: " at " },
    reply: { verb: "replied", what: " to ", where: " in " },
    topic: { verb: "started a topic", what: ": ", where: " in " },
    upload: { verb: "uploaded", what: " ", where: " to " },
    vote: { verb: "voted", what: " on ", where: " in " },
  }),
);

/**
 * The line that the room hears: for a text the text itself, for an event `who did what where: url`,
 * where a missing name is "Somebody" and any other missing part is left out. A type without a phrase
 * of its own is taken for the verb. One line, because every part of an announcement is one.
 */
export function formatAnnouncement(announcement: Announcement): string {
  return announcement.kind === "text" ? announcement.text : formatEvent(announcement);
}

function formatEvent({ type, who = "Somebody", what, where, url }: SiteEvent): string {
  const phrase = PHRASES.get(type) ?? { verb: type, what: " ", where: " in " };
  return [
    `${who} ${phrase.verb}`,
    after(phrase.what, what),
    after(phrase.where, where),
    after(": ", url),
  ].join("");
}

function after(before: string, part: string | undefined): string {
  return part === undefined ? "" : `${before}${part}`;
}

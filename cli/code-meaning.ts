/** What a code of the audit trail means, in words. The code itself for one that nobody knows. */
export function codeMeaning(code: string): string {
  const known = MEANINGS.get(code);
  if (known !== undefined) return known;
  const [kind = "", reason = ""] = code.split(/: (.*)/s);
  if (kind === "refused")
    return REFUSALS.get(reason) ?? `the other side will not have it (${reason})`;
  if (kind === "ignored") return IGNORED.get(reason) ?? `it is not for the other side (${reason})`;
  return code;
}

const MEANINGS = words({
  delivered: "the other side has confirmed it",
  uncertain: "it was said, but the connection broke before anybody could tell whether it was heard",
  expired: "it waited for too long and was not said any more",
  "left out": "the queue was full",
  waiting: "it waits to be said",
  "said, not confirmed": "it is being said: the other side has not confirmed it yet",
});

const REFUSALS = words({
  "401": "the IRC server knows no such channel (401)",
  "403": "the IRC server knows no such channel (403)",
  "404": "the IRC channel lets nobody like us speak: moderated, or we are banned (404)",
  "408": "the IRC channel allows no colours (408)",
  "417": "the IRC server finds the line too long (417)",
  "477": "the IRC channel wants us to be logged in (477)",
  bug: "saxbridge could not say it because of a bug: the log has the details",
  forbidden: "the room lets us not speak: it is moderated (forbidden)",
  "not-allowed": "the room does not allow it (not-allowed)",
  poison: "the connection broke soon after it, twice, so that it was given up",
  "no echo": "the IRC server took it and showed it to nobody",
  "swallowed by the room": "the room took it and showed it to nobody",
});

const IGNORED = words({
  empty: "there is nothing in it, or nothing is left of it without formatting",
  invalid: "it is no announcement as the documentation describes them: the log names the field",
  oversized: "it is too long, and was cut on its way here",
  "wrong-room": "it is for a room that is not served",
  history: "it was said before we came",
  notice: "notices are not repeated here (IRC_NOTICE_RELAY)",
  "own-echo": "it is our own",
  relayed: "another relay brought it from where we would bring it to",
});

/** Not an object, which would know `toString`, too. */
function words(byCode: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  return new Map(Object.entries(byCode));
}

/**
 * The nick to try at the given attempt: 0 is the wanted one, then it gets `_`, `__`, `1`, `2` and so
 * on at its end, where it loses characters when it would be longer than `nicklen`. No two are the
 * same until all have been tried; then they come round again. Each is a valid nick (RFC 2812 section
 * 2.3.1) when the wanted one is, and at least 20 differ when `nicklen` is 3 or more. Without a known
 * `nicklen` nothing is cut.
 */
export function alternativeNick(
  wanted: string,
  attempt: number,
  nicklen = Number.POSITIVE_INFINITY,
): string {
  const characters = Array.from(wanted);
  const nicks = new Set([characters.slice(0, nicklen).join("")]);
  for (const suffix of suffixes(nicklen)) {
    if (nicks.size > attempt) break;
    nicks.add(characters.slice(0, nicklen - suffix.length).join("") + suffix);
  }
  const all = [...nicks];
  return all[attempt % all.length] ?? wanted;
}

/** Endings shorter than the nick, so that its first character stays: a nick cannot begin with a digit. */
function* suffixes(nicklen: number): Generator<string> {
  const longest = Math.min(nicklen - 1, 3);
  if (longest >= 1) yield "_";
  if (longest >= 2) yield "__";
  for (let number = 1; number < 10 ** longest; number += 1) yield String(number);
}

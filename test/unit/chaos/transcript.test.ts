import { describe, expect, test } from "vitest";
import { Transcript } from "../../chaos/transcript.ts";

const message = (stanzaId: string, at = 0) => ({ stanzaId, nick: "alice", body: stanzaId, at });
const idsOf = ({ messages }: Transcript) => messages.map(({ stanzaId }) => stanzaId).join("");

describe("Transcript", () => {
  test("puts what nobody heard where the archive has it", () => {
    const transcript = new Transcript();
    for (const id of ["a", "d", "e"]) transcript.hear(message(id));
    transcript.merge(["a", "b", "c", "d"].map((id) => message(id)));
    expect(idsOf(transcript)).toBe("abcde");
  });

  test("knows when a message was heard rather than the stamp of the archive", () => {
    const transcript = new Transcript();
    transcript.hear(message("a", 1_234));
    transcript.merge([message("a", 1_000)]);
    expect(transcript.messages).toEqual([message("a", 1_234)]);
  });

  test("keeps what was said in a room that is gone", () => {
    const transcript = new Transcript();
    transcript.hear(message("a"));
    transcript.beginAnew();
    transcript.merge([message("b")]);
    expect(idsOf(transcript)).toBe("ab");
  });
});

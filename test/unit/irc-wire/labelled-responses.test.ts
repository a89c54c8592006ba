import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  followResponses,
  NO_RESPONSES,
  type OpenResponses,
  type Response,
} from "../../../shared/irc/wire/labelled-responses.ts";
import { parseLine } from "../../../shared/irc/wire/line.ts";

const isMe = (nick: string) => nick === "relay";

/** What the lines complete, and how many responses are open behind them. */
function follow(texts: readonly string[]) {
  let open: OpenResponses = NO_RESPONSES;
  const complete: Response[] = [];
  for (const text of texts) {
    const line = parseLine(text);
    if (line === undefined) continue;
    const [next, response] = followResponses(open, line, isMe);
    open = next;
    if (response !== undefined) complete.push(response);
  }
  return { complete, open: open.size };
}

describe("followResponses()", () => {
  test("reads what InspIRCd 3 answers", () => {
    const transcript = [
      "@time=2026-11-20T12:42:00.710Z;msgid=1AA~1~0;label=a1;inspircd.org/echo :relay!relay@127.0.0.1 PRIVMSG #room :hello one",
      "@time=2026-11-20T12:42:00.711Z;label=a2 :irc.localhost 412 relay :No text to send",
      "@time=2026-11-20T12:42:00.711Z;label=a3 :irc.localhost 403 relay #nowhere :No such channel",
      "@time=2026-11-20T12:42:00.711Z;msgid=1AA~1~2 :relay!relay@127.0.0.1 PRIVMSG relay :to myself",
      "@time=2026-11-20T12:42:01.514Z;label=b2 :irc.localhost BATCH +1 :labeled-response",
      "@time=2026-11-20T12:42:01.514Z;msgid=1AA~1~5;inspircd.org/echo;batch=1 :relay!relay@127.0.0.1 PRIVMSG #room :two targets",
      "@time=2026-11-20T12:42:01.514Z;msgid=1AA~1~6;inspircd.org/echo;batch=1 :relay!relay@127.0.0.1 PRIVMSG relay :two targets",
      "@time=2026-11-20T12:42:01.514Z :irc.localhost BATCH :-1",
    ];
    const { complete, open } = follow(transcript);
    expect(
      complete.map(({ label, isEchoed, refusal }) => [label, isEchoed, refusal?.code]),
    ).toEqual([
      ["a1", true, undefined],
      ["a2", false, "412"],
      ["a3", false, "403"],
      ["b2", true, undefined],
    ]);
    expect(open).toBe(0);
  });

  test("takes only our own words for an echo", () => {
    const { complete } = follow(["@label=a :anna!u@h PRIVMSG #room :hello"]);
    expect(complete).toEqual([{ label: "a", isEchoed: false, refusal: undefined }]);
  });

  test("a server that never ends its batches costs no memory", () => {
    const texts = Array.from(
      { length: 1_000 },
      (_, i) => `@label=${i} BATCH +${i} labeled-response`,
    );
    expect(follow(texts).open).toBe(100);
  });

  test("no sequence of lines throws, and none completes a response that had no label", () => {
    const words = [
      "@label=a ",
      "@batch=r ",
      "BATCH ",
      "+r ",
      "-r ",
      "PRIVMSG ",
      ":relay ",
      "404 ",
      ":",
    ];
    const text = fc.array(fc.constantFrom(...words), { maxLength: 6 }).map((list) => list.join(""));
    fc.assert(
      fc.property(fc.array(text, { maxLength: 10 }), (texts) => {
        expect(follow(texts).complete.every(({ label }) => label === "a")).toBe(true);
      }),
    );
  });
});

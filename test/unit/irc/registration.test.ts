import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseLine } from "../../../shared/irc/wire/line.ts";
import {
  beginRegistration,
  type Registration,
  type RegistrationEffect,
  type RegistrationWish,
  step,
} from "../../../shared/irc/wire/registration.ts";

const wish: RegistrationWish = { nick: "relay", knownNicklen: undefined, sasl: undefined };
const withSasl: RegistrationWish = { ...wish, sasl: "PLAIN" };

/** Hears the lines in turn; gives the state that results and all effects. */
function hear(
  begin: RegistrationWish | Registration,
  ...texts: readonly string[]
): { state: Registration; effects: RegistrationEffect[] } {
  let state = "wish" in begin ? begin : beginRegistration(begin);
  const effects: RegistrationEffect[] = [];
  for (const text of texts) {
    const line = parseLine(text);
    if (line === undefined) continue;
    const [next, ...more] = step(state, line);
    state = next;
    effects.push(...more);
  }
  return { state, effects };
}

const taken = (nick: string) => `:irc.test 433 * ${nick} :Nickname is already in use`;

const asked = (effects: readonly RegistrationEffect[]) =>
  effects.flatMap((effect) => (effect.do === "ask-nick" ? [effect.nick] : []));
const shown = (effects: readonly RegistrationEffect[]) =>
  effects.flatMap((effect) => (effect.do === "negotiate" ? [effect.line] : []));
/** What the library sees of the server's offers. */
const offers = (...lists: readonly string[]) => shown(hear(wish, ...lists).effects);
const refused = (effects: readonly RegistrationEffect[]) =>
  effects.flatMap((effect) => (effect.do === "refuse" ? [effect.refusal.refusal] : []));

describe("welcome", () => {
  test("001 gives the nick that the server chose, 005 what it can, 376 the end", () => {
    const { state, effects } = hear(
      wish,
      ":irc.test 001 rel :Welcome",
      ":irc.test 005 rel NICKLEN=12 CASEMAPPING=ascii :are supported",
      ":irc.test 376 rel :End",
    );
    expect(state.welcomed).toBe("rel");
    expect(state.isupport).toMatchObject({ nicklen: 12, casemapping: "ascii" });
    expect(effects.map((effect) => effect.do)).toEqual(["welcome", "ready"]);
  });

  test("a server without a message of the day is ready by 422", () => {
    const { effects } = hear(wish, ":irc.test 001 relay :Welcome", ":irc.test 422 relay :No MOTD");
    expect(effects.at(-1)).toEqual({ do: "ready" });
  });

  test("a second 001 changes nothing", () => {
    const { state } = hear(wish, ":irc.test 001 relay :Welcome", ":irc.test 001 other :Welcome");
    expect(state.welcomed).toBe("relay");
  });
});

describe("capabilities", () => {
  test("the library sees the wanted ones of each line of the list and no others", () => {
    const { effects } = hear(
      wish,
      ":irc.test CAP * LS * :away-notify server-time sasl=PLAIN",
      ":irc.test CAP * LS :multi-prefix batch echo-message",
    );
    expect(shown(effects)).toEqual(["CAP * LS * server-time", "CAP * LS batch"]);
  });

  test("a list with nothing for us still ends", () => {
    expect(shown(hear(wish, ":irc.test CAP * LS :away-notify").effects)).toEqual(["CAP * LS :"]);
  });

  test("acknowledged ones are known, and forgotten when the server takes them back", () => {
    const { state, effects } = hear(
      wish,
      "CAP * ACK :batch server-time account-tag",
      "001 relay :Welcome",
      "CAP relay DEL :batch",
      "CAP relay ACK :-account-tag chghost",
    );
    expect([...state.capabilities]).toEqual(["server-time", "chghost"]);
    expect(shown(effects)).toEqual(["CAP * ACK :batch server-time account-tag"]);
  });

  test("asks for labels and echoes together, whichever line offers them, or not at all", () => {
    expect(offers("CAP * LS :batch labeled-response echo-message")).toEqual([
      "CAP * LS :batch echo-message labeled-response",
    ]);
    expect(offers("CAP * LS * :echo-message batch", "CAP * LS :labeled-response")).toEqual([
      "CAP * LS * batch",
      "CAP * LS :echo-message labeled-response",
    ]);
    expect(offers("CAP * LS :batch echo-message")).toEqual(["CAP * LS batch"]);
    expect(offers("CAP * LS :batch labeled-response")).toEqual(["CAP * LS batch"]);
    expect(offers("CAP * LS :echo-message labeled-response")).toEqual(["CAP * LS :"]);
  });

  test.each(["CAP", "CAP *", "CAP * LS", "CAP * ACK", "CAP * NAK", "CAP * DEL"])(
    "%j without its parameters is survived",
    (text) => {
      expect(refused(hear(wish, text).effects)).toEqual([]);
    },
  );
});

describe("SASL", () => {
  const refusals: readonly (readonly [string, readonly string[]])[] = [
    ["the list has no sasl", ["CAP * LS :batch server-time"]],
    ["the list is empty", ["CAP * LS :"]],
    ["the mechanism is not offered", ["CAP * LS :sasl=EXTERNAL"]],
    ["the request is refused", ["CAP * LS :sasl", "CAP * NAK :sasl batch"]],
    ["905", ["CAP * LS :sasl", "905 relay :SASL message too long"]],
    ["908", ["CAP * LS :sasl", "908 relay EXTERNAL :are available SASL mechanisms"]],
    ["902", ["CAP * LS :sasl", "902 relay :You must use a nick assigned to you"]],
    ["welcome without CAP", ["421 relay CAP :Unknown command", "001 relay :Welcome"]],
    ["welcome without 903", ["CAP * LS :sasl", "CAP * ACK :sasl", "001 relay :Welcome"]],
  ];

  test.each(refusals)("is insisted on when %s", (_, lines) => {
    const { state, effects } = hear(withSasl, ...lines);
    expect(refused(effects)).toEqual(["login"]);
    expect(state.welcomed).toBeUndefined();
  });

  test("904 says that what we logged in with is wrong", () => {
    const { effects } = hear(withSasl, "CAP * LS :sasl", "904 relay :SASL authentication failed");
    expect(refused(effects)).toEqual(["credentials"]);
  });

  test("the welcome counts after 903", () => {
    const lines = ["CAP * LS :sasl=PLAIN", "CAP * ACK :sasl", "AUTHENTICATE +", "903 relay :ok"];
    const { state, effects } = hear(withSasl, ...lines, "001 relay :Welcome");
    expect(state.welcomed).toBe("relay");
    expect(shown(effects).at(-1)).toBe("903 relay ok");
  });

  test("is offered in the first of two lines", () => {
    const { effects } = hear(withSasl, "CAP * LS * :sasl", "CAP * LS :batch");
    expect(refused(effects)).toEqual([]);
  });

  test("a challenge that nobody asked for is not shown to the library", () => {
    expect(shown(hear(wish, "AUTHENTICATE +").effects)).toEqual([]);
    expect(shown(hear(withSasl, "AUTHENTICATE +").effects)).toEqual([]);
  });

  test("904 without a wish for SASL is nothing", () => {
    expect(hear(wish, "904 relay :SASL authentication failed").effects).toEqual([]);
  });
});

describe("nicks", () => {
  test.each(["432", "433", "436", "437"])("%s asks for another nick", (numeric) => {
    expect(asked(hear(wish, `:irc.test ${numeric} * relay :No`).effects)).toEqual(["relay_"]);
  });

  test("nine characters that are taken give way to nine others", () => {
    let state = beginRegistration({ ...wish, nick: "saxbridge" });
    const nicks = [state.asked];
    for (let i = 0; i < 19; i += 1) {
      state = hear(state, taken(state.asked)).state;
      nicks.push(state.asked);
    }
    expect(new Set(nicks).size).toBe(20);
    expect(nicks.every((nick) => nick.length <= 9)).toBe(true);
  });

  test("a nick that is too long is tried cut to nine characters first", () => {
    const long = { ...wish, nick: "saxbridge-relay" };
    const { effects } = hear(
      long,
      ":irc.test 432 * saxbridge-relay :Erroneous",
      taken("saxbridge"),
    );
    expect(asked(effects)).toEqual(["saxbridge", "saxbridg_"]);
  });

  test("a long nick that is merely taken keeps its length", () => {
    const long = { ...wish, nick: "saxbridge-relay" };
    expect(asked(hear(long, taken("saxbridge-relay")).effects)).toEqual(["saxbridge-rela_"]);
  });

  test("the length that an earlier session learnt is kept from the start", () => {
    const known = { ...wish, nick: "saxbridge-relay", knownNicklen: 12 };
    expect(beginRegistration(known).asked).toBe("saxbridge-re");
  });

  test("a server that refuses every nick is given up", () => {
    const lines = Array.from({ length: 30 }, () => taken("x"));
    const { effects } = hear(wish, ...lines);
    expect(asked(effects).length).toBeLessThanOrEqual(20);
    expect(refused(effects)[0]).toBe("closed");
  });

  test("after the welcome a refused nick is no business of the registration", () => {
    expect(hear(wish, "001 relay :Welcome", taken("other")).effects).toEqual([{ do: "welcome" }]);
  });
});

describe("refusals", () => {
  test.each([
    ["ERROR :Closing Link: (Throttled: Reconnecting too fast)", "throttled"],
    ["465 relay :You are banned from this server", "banned"],
    ["463 * :Your host isn't among the privileged", "banned"],
    ["464 relay :Password incorrect", "credentials"],
    ["ERROR", "closed"],
  ] as const)("%s is %s", (line, cause) => {
    expect(refused(hear(wish, line).effects)).toEqual([cause]);
  });

  test("after the welcome only ERROR ends the session", () => {
    const lines = ["001 relay :Welcome", "464 relay :Password incorrect", "ERROR :Killed"];
    expect(refused(hear(wish, ...lines).effects)).toEqual(["closed"]);
  });
});

describe("laws, whatever the server says", () => {
  const commands = [
    "CAP",
    "AUTHENTICATE",
    "ERROR",
    "001",
    "005",
    "376",
    "422",
    "432",
    "433",
    "437",
  ];
  const line = fc.record({
    command: fc.constantFrom(...commands, "464", "465", "900", "903", "904", "908"),
    params: fc.array(
      fc.oneof(
        fc.constantFrom("*", "LS", "ACK", "NAK", "DEL", "NEW", "sasl", "+", ""),
        fc.string(),
      ),
      { maxLength: 5 },
    ),
  });

  test("nobody is welcome without the login that was wished for", () => {
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        let state = beginRegistration(withSasl);
        let isLoggedIn = false;
        for (const each of lines) {
          isLoggedIn ||= each.command === "903";
          [state] = step(state, each);
          expect(state.welcomed === undefined || isLoggedIn).toBe(true);
        }
      }),
    );
  });

  test("at most twenty nicks are asked for, and nothing throws", () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 200 }), (lines) => {
        let state = beginRegistration(wish);
        let count = 0;
        for (const each of lines) {
          const [next, ...effects] = step(state, each);
          count += asked(effects).length;
          state = next;
        }
        expect(count).toBeLessThanOrEqual(20);
      }),
    );
  });
});

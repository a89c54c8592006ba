import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { initialIsupport, readIsupport } from "../../../shared/irc/wire/isupport.ts";
import { parseLine } from "../../../shared/irc/wire/line.ts";

const read = (known: typeof initialIsupport, ...tokens: readonly string[]) =>
  readIsupport(known, ["nick", ...tokens, "are supported by this server"]);

describe("readIsupport()", () => {
  test("reads what InspIRCd 3.15 said", () => {
    const lines = [
      ":irc.test 005 saxjax AWAYLEN=200 CASEMAPPING=rfc1459 CHANLIMIT=#:20 CHANMODES=b,k,l,imnpst CHANNELLEN=64 CHANTYPES=# ELIST=CMNTU HOSTLEN=64 KEYLEN=32 KICKLEN=255 LINELEN=512 MAXLIST=b:100 :are supported by this server",
      String.raw`:irc.test 005 saxjax MAXTARGETS=20 MODES=20 MONITOR=30 NAMELEN=128 NAMESX NETWORK=Test\x20Net NICKLEN=31 PREFIX=(ov)@+ SAFELIST STATUSMSG=@+ TOPICLEN=307 USERLEN=10 USERMODES=,,s,iow :are supported by this server`,
      ":irc.test 005 saxjax WHOX :are supported by this server",
    ];
    const isupport = lines.reduce(
      (known, line) => readIsupport(known, parseLine(line)?.params ?? []),
      initialIsupport,
    );
    expect(isupport).toEqual({
      casemapping: "rfc1459",
      nicklen: 31,
      chantypes: "#",
      statusmsg: "@+",
      prefixes: "@+",
      linelen: 512,
      monitor: true,
      network: "Test Net",
    });
  });

  test.each([
    ["CASEMAPPING=strict-rfc1459", { casemapping: "rfc1459-strict" }],
    ["CASEMAPPING=rfc8265", { casemapping: "ascii" }],
    ["PREFIX=(qaohv)~&@%+", { prefixes: "~&@%+" }],
    ["PREFIX=", { prefixes: "" }],
    ["STATUSMSG=", { statusmsg: "" }],
    ["LINELEN=2048", { linelen: 2048 }],
    ["MONITOR", { monitor: true }],
    [String.raw`NETWORK=The\x20Net\x3D1`, { network: "The Net=1" }],
    [String.raw`NETWORK=a\x0Ab\x7F`, { network: String.raw`a\x0Ab\x7F` }],
  ])("reads %s", (token, expected) => {
    expect(read(initialIsupport, token)).toEqual({ ...initialIsupport, ...expected });
  });

  test.each([
    "NICKLEN=0",
    "NICKLEN=-4",
    "NICKLEN=9e9",
    "NICKLEN=100000",
    "NICKLEN",
    "LINELEN=100",
    "LINELEN=99999999999999999999",
    "CHANTYPES=",
    "PREFIX=(ov)@",
    "PREFIX=@+",
    "NETWORK=",
    "constructor=1",
    "-constructor",
    "UNKNOWN=x",
    "=",
    "",
  ])("is not impressed by %j", (token) => {
    expect(read(initialIsupport, token)).toEqual(initialIsupport);
  });

  test("knows no length of nicks before the server has told", () => {
    expect(read(initialIsupport, "CHANTYPES=#").nicklen).toBeUndefined();
    expect(read(initialIsupport, "NICKLEN=9").nicklen).toBe(9);
  });

  test("goes back to the default of what is taken back", () => {
    const full = read(initialIsupport, "NICKLEN=30", "CHANTYPES=#", "MONITOR=9", "NETWORK=x");
    expect(read(full, "-NICKLEN", "-MONITOR", "-NETWORK")).toEqual({
      ...initialIsupport,
      chantypes: "#",
    });
  });

  test("keeps its bounds, whatever a server says", () => {
    const token = fc
      .tuple(
        fc.constantFrom("NICKLEN", "LINELEN", "PREFIX", "CHANTYPES", "CASEMAPPING", "-NICKLEN"),
        fc.oneof(fc.integer().map(String), fc.string()),
      )
      .map(([key, value]) => `${key}=${value}`);
    fc.assert(
      fc.property(fc.array(token), (tokens) => {
        const { nicklen, linelen, chantypes } = read(initialIsupport, ...tokens);
        expect(nicklen ?? 2).toBeGreaterThanOrEqual(2);
        expect(nicklen ?? 2).toBeLessThanOrEqual(512);
        expect(linelen).toBeGreaterThanOrEqual(512);
        expect(linelen).toBeLessThanOrEqual(65_536);
        expect(chantypes).not.toBe("");
      }),
    );
  });
});

import { describe, expect, test } from "vitest";
import { joinRefusal } from "../../../shared/irc/wire/join-refusal.ts";

describe("joinRefusal()", () => {
  test.each([
    ["403", "ERR_NOSUCHCHANNEL", "never"],
    ["405", "ERR_TOOMANYCHANNELS", "long"],
    ["437", "ERR_UNAVAILRESOURCE", "later"],
    ["470", "ERR_LINKCHANNEL", "after-login"],
    ["471", "ERR_CHANNELISFULL", "later"],
    ["473", "ERR_INVITEONLYCHAN", "on-invite"],
    ["474", "ERR_BANNEDFROMCHAN", "long"],
    ["475", "ERR_BADCHANNELKEY", "never"],
    ["476", "ERR_BADCHANMASK", "never"],
    ["477", "ERR_NEEDREGGEDNICK", "after-login"],
    ["479", "ERR_BADCHANNAME", "never"],
    ["480", "ERR_THROTTLE", "later"],
    ["489", "ERR_SECUREONLYCHAN", "never"],
    ["520", "ERR_OPERONLY", "long"],
  ])("knows %s as %s, to be tried again: %s", (numeric, name, retry) => {
    expect(joinRefusal(numeric)).toMatchObject({ name, retry });
  });

  test.each(["366", "433", "JOIN", "constructor", ""])("takes %j for no refusal", (command) => {
    expect(joinRefusal(command)).toBeUndefined();
  });
});

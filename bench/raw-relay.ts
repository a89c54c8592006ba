import { joinBareChannel } from "./bare/channel.ts";
import { joinBareRoom } from "./bare/room.ts";
import { portOf, variable } from "./bare/variable.ts";

// The baseline: what a relay costs that does nothing but relay. It keeps nothing, waits for nobody's
// confirmation, cleans and splits no text, and never connects again.

const [channelName = "", room = ""] = variable("IRC_LINKS").split("=");
const [channel, bareRoom] = await Promise.all([
  joinBareChannel({
    port: portOf(variable("IRC_SERVERS")),
    nick: variable("IRC_NICK"),
    channel: channelName,
  }),
  joinBareRoom({
    port: portOf(variable("XMPP_SERVICE")),
    domain: variable("XMPP_DOMAIN"),
    user: variable("IRC_XMPP_JID").replace(/@.*/, ""),
    password: variable("IRC_XMPP_PASSWORD"),
    room,
    nick: variable("IRC_XMPP_NICK"),
  }),
]);
channel.onSaid((nick, text) => bareRoom.say(`<${nick}> ${text}`));
bareRoom.onSaid((nick, text) => channel.say(`<${nick}> ${text}`));

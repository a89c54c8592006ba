import { openSocket } from "../shared/unix/socket.ts";
import { joinBareRoom } from "./bare/room.ts";
import { portOf, variable } from "./bare/variable.ts";

// The baseline for announcements: whatever comes in a datagram is said at once, and kept nowhere.

const room = await joinBareRoom({
  port: portOf(variable("XMPP_SERVICE")),
  domain: variable("XMPP_DOMAIN"),
  user: variable("WEBRIDGE_XMPP_JID").replace(/@.*/, ""),
  password: variable("WEBRIDGE_XMPP_PASSWORD"),
  room: variable("WEBRIDGE_ROOM"),
  nick: variable("WEBRIDGE_XMPP_NICK"),
});
const decoder = new TextDecoder();
const path = variable("WEBRIDGE_SOCKET");
const refused = openSocket((bytes) => room.say(decoder.decode(bytes))).bind(path);
if (refused !== undefined) throw new Error(`Cannot listen on ${path}: ${refused}`);

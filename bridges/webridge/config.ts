import { z } from "zod";
import { bareJid, roomJid } from "../../shared/config/jids.ts";
import { secret } from "../../shared/config/secret.ts";
import { socketPath } from "../../shared/config/socket-path.ts";
import {
  bytes,
  duration,
  fileMode,
  oneLine,
  oneOf,
  wholeNumber,
} from "../../shared/config/types.ts";

/** What webridge needs besides the XMPP server. */
export const webridge = z
  .object({
    webridge: z.object({
      xmppJid: bareJid().meta({
        description: "XMPP account that says the announcements.",
        example: "webridge@example.org",
      }),
      xmppPassword: secret().meta({ description: "Password of that account." }),
      xmppNick: oneLine().prefault("webridge").meta({
        description: "Nick in the room.",
      }),
      room: roomJid().meta({
        description: "Room that hears the announcements.",
        example: "chat@conference.example.org",
      }),
      socket: socketPath().prefault("/run/saxbridge/webridge.sock").meta({
        description: "UNIX datagram socket that the site writes its announcements to.",
      }),
      socketMode: fileMode().prefault("0660").meta({
        description: "Rights of that socket, in octal.",
      }),
      socketGroup: oneLine().optional().meta({
        description: "Group of that socket: the one that the site's PHP runs as.",
        example: "www-data",
      }),
      htmlEntities: oneOf("decode", "keep").prefault("decode").meta({
        description:
          "What becomes of HTML entities such as &quot; in announcements: decode or keep.",
      }),
      newRoom: oneOf("accept", "refuse").prefault("accept").meta({
        description:
          "What to do when the room does not exist yet: accept creates it, refuse waits.",
      }),
      queueMessages: wholeNumber({ min: 1, max: 1_000_000 }).prefault("100000").meta({
        description: "Most announcements that are kept while the room cannot be reached.",
      }),
      queueBytes: bytes().prefault("16MiB").meta({
        description: "Most bytes of announcements that are kept while the room cannot be reached.",
      }),
      queueAge: duration().prefault("1d").meta({
        description:
          "How long an announcement may wait for the room; older ones are not said, and one line says how many.",
      }),
    }),
  })
  .meta({
    title: "webridge",
    description: "Says in an XMPP room what the site announces. Needs the XMPP server above.",
  });

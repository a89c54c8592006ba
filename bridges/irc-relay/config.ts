import { z } from "zod";
import { ircLinks } from "../../shared/config/irc-links.ts";
import { ircServers } from "../../shared/config/irc-servers.ts";
import { bareJid } from "../../shared/config/jids.ts";
import { isLoopback } from "../../shared/config/loopback.ts";
import { secret } from "../../shared/config/secret.ts";
import { whenRight } from "../../shared/config/section.ts";
import {
  bytes,
  duration,
  flag,
  fromText,
  oneLine,
  oneOf,
  wholeNumber,
} from "../../shared/config/types.ts";

/** RFC 2812 section 2.3.1; how long a nick may be, each server says for itself. */
const ircNick = () =>
  fromText("an IRC nick such as saxjax: letters, digits and -[]\\`_^{|}", (text) =>
    /^[A-Za-z[\]\\`_^{|}][A-Za-z0-9[\]\\`_^{|}-]*$/.test(text) ? text : undefined,
  );

/** RFC 2812 section 2.3.1: `user` is anything but NUL, CR, LF, space and `@`. */
const ircUsername = () =>
  fromText("an IRC user name such as saxjax: one word without @", (text) =>
    /^[^\s@\p{Cc}]+$/u.test(text) ? text : undefined,
  );

/** What the IRC relay needs besides the XMPP server. */
export const irc = z
  .object({
    irc: z
      .object({
        xmppJid: bareJid().meta({
          description: "XMPP account that speaks in the rooms for IRC.",
          example: "saxjax@example.org",
        }),
        xmppPassword: secret().meta({ description: "Password of that account." }),
        xmppNick: oneLine().prefault("irc").meta({ description: "Nick in the rooms." }),
        servers: ircServers().meta({
          description: "Servers of the IRC network in order of preference; ircs:// is TLS.",
          example: "ircs://irc.libera.chat:6697,irc://127.0.0.1:6667",
        }),
        nick: ircNick().meta({ description: "Nick on IRC.", example: "saxjax" }),
        username: ircUsername().optional().meta({
          description: "User name on IRC; the nick when not set.",
          example: "saxjax",
        }),
        realname: oneLine().prefault("saxbridge").meta({
          description: "Real name on IRC, as WHOIS shows it.",
        }),
        serverPassword: secret().optional().meta({
          description: "Password that the IRC server asks of everybody who connects.",
        }),
        saslUsername: oneLine().optional().meta({
          description:
            "Account on the IRC network. When set, we log in by SASL or not at all: PLAIN with the password, EXTERNAL with the certificate where there is none.",
          example: "saxjax",
        }),
        saslPassword: secret().optional().meta({
          description: "Password of that account, for SASL PLAIN.",
        }),
        tlsCert: oneLine().optional().meta({
          description:
            "File with our own certificate (PEM), shown to every server. It is a login by SASL EXTERNAL only where IRC_SASL_USERNAME is set.",
          example: "/etc/saxbridge/irc-cert.pem",
        }),
        tlsKey: oneLine().optional().meta({
          description: "File with the private key of that certificate (PEM).",
          example: "/etc/saxbridge/irc-key.pem",
        }),
        tlsCa: oneLine().optional().meta({
          description:
            "File with the certificates (PEM) to trust instead of those that come with Node.js.",
          example: "/etc/saxbridge/ca.pem",
        }),
        links: ircLinks().meta({
          description: "Which IRC channel shares its conversation with which XMPP room.",
          example: "#cemetech=chat@conference.example.org,#dev=dev@conference.example.org",
        }),
        burst: wholeNumber({ min: 1, max: 1_000 }).prefault("5").meta({
          description: "Lines that are sent to IRC at once before pacing begins.",
        }),
        lineInterval: duration({ max: "1m" }).prefault("2s").meta({
          description: "Time between two lines to IRC once pacing has begun; 0 turns pacing off.",
        }),
        nickservPassword: secret().optional().meta({
          description:
            "Password to identify to NickServ with, on networks without SASL. Whoever has that nick is told it: where there are no services, that may be anybody.",
        }),
        servicesTimeout: duration({ max: "10m" }).prefault("0").meta({
          description: "How long to wait for services to identify us before joining channels.",
        }),
        newRoom: oneOf("accept", "refuse").prefault("accept").meta({
          description:
            "What to do when a room does not exist yet: accept creates it, refuse waits.",
        }),
        queueMessages: wholeNumber({ min: 1, max: 1_000_000 }).prefault("100000").meta({
          description: "Most messages of each direction that are kept while the far side is away.",
        }),
        queueBytes: bytes().prefault("16MiB").meta({
          description: "Most bytes of each direction that are kept while the far side is away.",
        }),
        queueAge: duration().prefault("1h").meta({
          description:
            "How long a message may wait for the far side; older ones are not said, and one line says how many.",
        }),
        gapLines: flag().prefault("on").meta({
          description:
            "Whether people are told, in a line at most once a minute, what they may have missed while a side was away.",
        }),
        noticeRelay: flag().prefault("on").meta({
          description: "Whether IRC notices to a channel are repeated in its room.",
        }),
      })
      .refine(
        ({ saslUsername, saslPassword }) =>
          saslPassword === undefined || saslUsername !== undefined,
        {
          path: ["saslUsername"],
          error: "is not set although IRC_SASL_PASSWORD is: set the name of the account, too",
          when: whenRight("saslUsername", "saslPassword"),
        },
      )
      .refine(
        ({ saslUsername, saslPassword, tlsCert }) =>
          saslUsername === undefined || saslPassword !== undefined || tlsCert !== undefined,
        {
          path: ["saslPassword"],
          error:
            "is not set although IRC_SASL_USERNAME is: set it, or IRC_TLS_CERT to log in by certificate",
          when: whenRight("saslUsername", "saslPassword", "tlsCert"),
        },
      )
      .refine(({ tlsCert, tlsKey }) => tlsCert === undefined || tlsKey !== undefined, {
        path: ["tlsKey"],
        error: "is not set although IRC_TLS_CERT is: name the file with its private key",
        when: whenRight("tlsCert", "tlsKey"),
      })
      .refine(({ tlsCert, tlsKey }) => tlsKey === undefined || tlsCert !== undefined, {
        path: ["tlsCert"],
        error: "is not set although IRC_TLS_KEY is: name the file with its certificate",
        when: whenRight("tlsCert", "tlsKey"),
      })
      .refine(
        ({ servers, saslPassword, nickservPassword }) =>
          (saslPassword === undefined && nickservPassword === undefined) ||
          servers.every(({ host, tls }) => tls || isLoopback(host)),
        {
          path: ["servers"],
          error:
            "should all be ircs:// or loopback, or the account's password would cross the network in clear: use ircs://, or unset IRC_SASL_PASSWORD and IRC_NICKSERV_PASSWORD",
          when: whenRight("servers", "saslPassword", "nickservPassword"),
        },
      ),
  })
  .meta({
    title: "irc-relay",
    description:
      "Repeats in XMPP rooms what is said in IRC channels, and back. Needs the XMPP server above.",
  });

import { z } from "zod";
import { address } from "./address.ts";
import { domain } from "./jids.ts";
import { isLoopback } from "./loopback.ts";
import { whenRight } from "./section.ts";
import { socketPath } from "./socket-path.ts";
import { bytes, duration, flag, fromText, hasControls, oneLine, oneOf } from "./types.ts";
import { parseService, serviceUrl } from "./xmpp-service.ts";

/** The XMPP server that holds the rooms: every bridge needs it. */
export const xmpp = z
  .object({
    xmpp: z
      .object({
        service: serviceUrl().optional().meta({
          description:
            "Where the XMPP server listens; when not set, the SRV records of the domain say it.",
          example: "xmpp://127.0.0.1:5222",
        }),
        domain: domain().meta({
          description: "Domain of the XMPP server, as in the JIDs of its accounts.",
          example: "example.org",
        }),
        tls: oneOf("required", "optional").prefault("required").meta({
          description:
            "Whether the connection has to be encrypted; optional is allowed on loopback only.",
        }),
        tlsCa: oneLine().optional().meta({
          description:
            "File with the certificates (PEM) to trust instead of those that come with Node.js.",
          example: "/etc/saxbridge/ca.pem",
        }),
      })
      .refine(({ service, tls }) => tls === "required" || isLocal(service), {
        path: ["tls"],
        error:
          "should be required unless XMPP_SERVICE names a loopback host such as xmpp://127.0.0.1:5222",
        when: whenRight("service", "tls"),
      })
      // RFC 7395 has no STARTTLS: what begins in clear stays in clear.
      .refine(({ service, tls }) => tls === "optional" || !service?.startsWith("ws://"), {
        path: ["service"],
        error: "should be wss:// because ws:// is never encrypted and XMPP_TLS is required",
        when: whenRight("service", "tls"),
      }),
  })
  .meta({ title: "XMPP server", description: "Needed by every bridge." });

/** The XMPP server as a bridge is told of it. */
export type XmppConfig = z.output<typeof xmpp>["xmpp"];

/** What concerns the process as a whole; all of it may stay unset. */
export const general = z
  .object({
    stateDirectory: directory().prefault("./state").meta({
      description: "Directory for what has to survive a restart; systemd sets it by itself.",
    }),
    outbox: oneOf("disk", "memory").prefault("disk").meta({
      description:
        "Where messages wait, and what is known of them is kept: disk, or memory, of which nothing survives a restart.",
    }),
    auditDays: duration({ max: "366d" }).prefault("7d").meta({
      description: "How long saxbridge why knows what became of a message.",
    }),
    auditBytes: bytes().prefault("16MiB").meta({
      description: "Most bytes of what saxbridge why knows: beyond, the oldest is forgotten.",
    }),
    auditTexts: flag().prefault("off").meta({
      description:
        "Whether it keeps what was said as well; without, a text can be looked for and not be read.",
    }),
    controlSocket: socketPath().optional().meta({
      description:
        "UNIX socket that saxbridge status and saxbridge why ask at; control.sock in STATE_DIRECTORY when not set.",
      example: "/run/saxbridge/control.sock",
    }),
    metricsListen: address().optional().meta({
      description:
        "Address that answers a monitoring system over HTTP: /metrics (Prometheus) and /healthz.",
      example: "127.0.0.1:9464",
    }),
    logLevel: oneOf("debug", "info", "warn", "error").prefault("info").meta({
      description: "Least level that is logged: debug, info, warn or error.",
    }),
    logFormat: oneOf("json", "pretty").optional().meta({
      description: "Shape of the log: json or pretty; when not set, pretty on a terminal only.",
      example: "json",
    }),
  })
  .meta({ title: "General", description: "All of it may stay as it is." });

function isLocal(service = ""): boolean {
  return isLoopback(parseService(service)?.host ?? "");
}

/** systemd.exec(5): several directories of `StateDirectory=` come with colons between them; ours is the first. */
function directory() {
  return fromText("the path of a directory", (text) => {
    const [first = ""] = text.split(":");
    return first === "" || hasControls(first) ? undefined : first;
  });
}

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { answersXmpp } from "../../../cli/demo/servers/answering.ts";
import { type Certificate, makeCertificate } from "../../../cli/demo/servers/certificate.ts";
import { type Command, ServerProcess } from "../../../cli/demo/servers/server-process.ts";
import {
  chooseXmppPorts,
  domain,
  muc,
  type XmppPorts,
  type XmppServer,
  type XmppServerOptions,
  xmppFacts,
} from "../../../cli/demo/servers/xmpp-server.ts";
import { registerUsers } from "./in-band-registration.ts";

/** What a test may ask of a throwaway ejabberd. It never locks a new room, so that option is missing. */
export type EjabberdOptions = Omit<XmppServerOptions, "lockRooms">;

/**
 * Starts an ejabberd that is only for us: rooms open to everybody, stream management, archive, and no
 * rate limits. It runs outside Erlang's distribution (no node name, cookie, epmd), so that any number
 * of them can run beside each other.
 */
export async function startEjabberd(options: EjabberdOptions): Promise<XmppServer> {
  let certificate: Certificate | undefined;
  const server = await ServerProcess.start({
    name: "ejabberd",
    choosePorts: () => chooseXmppPorts(options),
    async configure(directory, ports) {
      if (options.tls !== undefined && options.tls !== "none") {
        certificate ??= await makeCertificate(directory, [domain, muc, "127.0.0.1"]);
      }
      const pem = certificate && (await joinCertificate(directory, certificate));
      await mkdir(join(directory, "spool"), { recursive: true });
      await writeFile(join(directory, "ejabberd.yml"), configuration(ports, options, pem));
      return command(directory);
    },
    // The port answers before rooms do; the log says when all is up.
    isReady: async ({ client }, log) => {
      const started = /ejabberd \S+ is started/.test(log) && (await answersXmpp(client, domain));
      // After a kill the database may have lost the users; who exists already stays as it is.
      if (started) await registerUsers(client, domain, options.users);
      return started;
    },
  });
  return Object.assign(server, xmppFacts(server.ports, certificate?.ca));
}

function command(directory: string): Command {
  const spool = join(directory, "spool");
  return {
    file: "erl",
    // -mnesia dir takes an Erlang term: a string in quotes of its own.
    args: [..."-noinput -noshell -s ejabberd -mnesia dir".split(" "), JSON.stringify(spool)],
    env: {
      ERL_LIBS: `/usr/lib/${multiarch()}`,
      ERL_CRASH_DUMP_BYTES: "0",
      EJABBERD_CONFIG_PATH: join(directory, "ejabberd.yml"),
      EJABBERD_LOG_PATH: join(directory, "ejabberd.log"),
      SPOOL_DIR: spool,
    },
  };
}

/** Debian's name of this machine in library paths. */
function multiarch(): string {
  return `${process.arch === "arm64" ? "aarch64" : "x86_64"}-linux-gnu`;
}

/** ejabberd wants certificate and key in one file. */
async function joinCertificate(
  directory: string,
  { certificate, key }: Certificate,
): Promise<string> {
  const pem = join(directory, "server.pem");
  await writeFile(pem, (await readFile(certificate, "utf8")) + (await readFile(key, "utf8")));
  return pem;
}

function configuration(
  ports: XmppPorts,
  options: EjabberdOptions,
  pem: string | undefined,
): string {
  const { history = 20, tls = "none", mam = true, component } = options;
  const limit = options.stanzaLimitBytes ?? 256 * 1024;
  const client = `ip: "127.0.0.1", module: ejabberd_c2s, max_stanza_size: ${limit}, access: all`;
  return `
hosts: ["${domain}"]
loglevel: info
log_rotate_count: 0
registration_timeout: infinity
${pem === undefined ? "" : `certfiles: [${JSON.stringify(pem)}]`}
listen:
  - { port: ${ports.client}, ${client}, starttls: ${tls === "starttls"} }
  - { port: ${ports.http}, ip: "127.0.0.1", module: ejabberd_http, request_handlers: { /http-bind: mod_bosh, /xmpp-websocket: ejabberd_http_ws } }
${tls === "direct" ? `  - { port: ${ports.tls}, ${client}, tls: true }` : ""}
${component === undefined ? "" : componentListener(ports.component, component)}
auth_method: [internal]
auth_password_format: plain
disable_sasl_mechanisms: ["DIGEST-MD5", "X-OAUTH2"]
acl: { admin: { user: ["admin@${domain}"] } }
access_rules: { admin: { allow: admin } }
modules:
  mod_bosh: {}
  mod_disco: {}
  mod_ping: { send_pings: false }
  mod_register: { ip_access: all, access: all, password_strength: 0, welcome_message: { subject: "", body: "" } }
  mod_stream_mgmt: { resend_on_timeout: false, resume_timeout: 60 }
  mod_mam: { assume_mam_usage: true, default: always }
  mod_muc:
    host: ${muc}
    access_admin: admin
    history_size: ${history}
    max_users: 1000
    max_user_conferences: 1000
    min_message_interval: 0
    min_presence_interval: 0
    default_room_options: { mam: ${mam}, public: true, persistent: false, max_users: 1000 }
`;
}

function componentListener(
  port: number,
  { domain: name, secret }: { readonly domain: string; readonly secret: string },
): string {
  const hosts = `{ ${JSON.stringify(name)}: { password: ${JSON.stringify(secret)} } }`;
  return `  - { port: ${port}, ip: "127.0.0.1", module: ejabberd_service, access: all, hosts: ${hosts} }`;
}

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { answersXmpp } from "./answering.ts";
import { type Certificate, makeCertificate } from "./certificate.ts";
import { ServerProcess } from "./server-process.ts";
import {
  chooseXmppPorts,
  domain,
  muc,
  type XmppPorts,
  type XmppServer,
  type XmppServerOptions,
  xmppFacts,
} from "./xmpp-server.ts";

/**
 * Starts a Prosody that is only for us: rooms open to everybody, stream management, archive, and no
 * rate limits. Its users are written to disk, so that a restart keeps them.
 */
export async function startProsody(options: XmppServerOptions): Promise<XmppServer> {
  let certificate: Certificate | undefined;
  const server = await ServerProcess.start({
    name: "prosody",
    choosePorts: () => chooseXmppPorts(options),
    async configure(directory, ports) {
      if (options.tls !== undefined && options.tls !== "none") {
        certificate ??= await makeCertificate(directory, [domain, muc, "127.0.0.1"]);
      }
      await writeUsers(directory, options.users);
      const file = join(directory, "prosody.cfg.lua");
      await writeFile(file, configuration({ directory, ports, options, certificate }));
      return { file: "prosody", args: ["-F", "--config", file] };
    },
    isReady: ({ client }) => answersXmpp(client, domain),
  });
  return Object.assign(server, xmppFacts(server.ports, certificate?.ca));
}

/** Accounts as the internal storage keeps them; the password is kept readable, so that PLAIN and SCRAM both work. */
async function writeUsers(directory: string, users: XmppServerOptions["users"]): Promise<void> {
  const accounts = join(directory, "data", domain, "accounts");
  await mkdir(accounts, { recursive: true });
  for (const [user, password] of Object.entries(users)) {
    const file = join(accounts, `${storageName(user)}.dat`);
    await writeFile(file, `return { ["password"] = ${quote(password)}; };\n`);
  }
}

// util.datamanager of Prosody: every byte but letters and digits becomes % and two hex digits.
function storageName(user: string): string {
  return [...Buffer.from(user)]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return /[A-Za-z0-9]/.test(character) ? character : `%${byte.toString(16).padStart(2, "0")}`;
    })
    .join("");
}

/** A Lua string of exactly these bytes. */
function quote(text: string): string {
  const bytes = [...Buffer.from(text)].map((byte) => `\\${byte.toString().padStart(3, "0")}`);
  return /^[\w ./:@-]*$/.test(text) ? `"${text}"` : `"${bytes.join("")}"`;
}

function configuration(setup: {
  readonly directory: string;
  readonly ports: XmppPorts;
  readonly options: XmppServerOptions;
  readonly certificate: Certificate | undefined;
}): string {
  const { directory, ports, options, certificate } = setup;
  const { history = 20, tls = "none", mam = true, lockRooms = false, component } = options;
  const limit = options.stanzaLimitBytes ?? 256 * 1024;
  const files =
    certificate &&
    `{ certificate = ${quote(certificate.certificate)}; key = ${quote(certificate.key)} }`;
  return `
run_as_root = ${process.getuid?.() === 0}
pidfile = ${quote(join(directory, "prosody.pid"))}
data_path = ${quote(join(directory, "data"))}
certificates = ${quote(directory)}
log = { info = ${quote(join(directory, "server.log"))} }

interfaces = { "127.0.0.1" }
local_interfaces = { "127.0.0.1" }
c2s_ports = { ${ports.client} }
c2s_direct_tls_ports = { ${tls === "direct" ? ports.tls : ""} }
s2s_ports = { }
http_ports = { ${ports.http} }
https_ports = { }
http_interfaces = { "127.0.0.1" }
http_default_host = "${domain}"
component_ports = { ${component === undefined ? "" : ports.component} }

modules_enabled = {
  "roster"; "saslauth"; "disco"; "ping"; "time"; "version"; "smacks"; "bosh"; "websocket";
  ${tls === "starttls" ? '"tls";' : ""}
}
modules_disabled = { "s2s"; "offline"; ${tls === "starttls" ? "" : '"tls";'} }
${files === undefined ? "" : `ssl = ${files}\nc2s_direct_tls_ssl = ${files}`}
admins = { "admin@${domain}" }
authentication = "internal_plain"
allow_unencrypted_plain_auth = true
c2s_require_encryption = false
consider_bosh_secure = true
consider_websocket_secure = true
storage = "internal"
c2s_stanza_size_limit = ${limit}
component_stanza_size_limit = ${limit}
smacks_hibernation_time = 60

VirtualHost "${domain}"

Component "${muc}" "muc"
  modules_enabled = { ${mam ? '"muc_mam"' : ""} }
  muc_log_by_default = true
  muc_log_presences = false
  restrict_room_creation = false
  muc_room_default_public = true
  muc_room_locking = ${lockRooms}
  muc_room_default_history_length = ${history}
  max_history_messages = ${history}
${component === undefined ? "" : `\nComponent ${quote(component.domain)}\n  component_secret = ${quote(component.secret)}\n`}`;
}

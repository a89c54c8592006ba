import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { answersIrc } from "./answering.ts";
import { type Certificate, makeCertificate } from "./certificate.ts";
import { chooseIrcPorts, type IrcPorts, type IrcServer, oper } from "./irc-server.ts";
import { ServerProcess } from "./server-process.ts";

/** What tests and the demo may ask of a throwaway InspIRCd. */
export interface InspircdOptions {
  readonly tls?: boolean;
  /** `none` (default): a client may send as fast as it can. `stock`: the limits of the example configuration. */
  readonly flood?: "none" | "stock";
  /** Whether IRCv3 capabilities are offered. Default true. */
  readonly capabilities?: boolean;
  /** Longest nick in characters. Default 30. */
  readonly nickMax?: number;
  /** Silence in seconds after which the server sends a PING. Default 60. */
  readonly pingSeconds?: number;
  readonly motd?: string;
  /** The plain port; a free one when absent. */
  readonly port?: number;
}

const FLOOD = {
  none: 'hardsendq="268435456" softsendq="268435456" recvq="16777216" threshold="1000000000" commandrate="1000000000" fakelag="no"',
  stock:
    'hardsendq="1048576" softsendq="10240" recvq="10240" threshold="10" commandrate="1000" fakelag="yes"',
} as const;

/** What an operator of a test needs: forced joins, parts, nicks and hosts, bans and refusals of many kinds. */
const MODULES = `
  sajoin sapart sanick saquit sakick samode chghost cban nonicks banexception muteban redirect noctcp
  nonotice blockcolor stripcolor services_account chanhistory monitor namesx uhnames setname botmode
  knock shun nokicks nickflood messageflood joinflood
`;

const IRCV3_MODULES = `
  cap ircv3 ircv3_accounttag ircv3_batch ircv3_capnotify ircv3_chghost ircv3_ctctags
  ircv3_echomessage ircv3_invitenotify ircv3_labeledresponse ircv3_msgid ircv3_servertime
`;

const TLS_MODULES = "ssl_gnutls sslinfo sslmodes";

/** Starts an InspIRCd 3 that is only for us. */
export async function startInspircd(options: InspircdOptions = {}): Promise<IrcServer> {
  let certificate: Certificate | undefined;
  const server = await ServerProcess.start({
    name: "inspircd",
    choosePorts: () => chooseIrcPorts(options.port),
    async configure(directory, ports) {
      if (options.tls === true) {
        certificate ??= await makeCertificate(directory, ["localhost", "127.0.0.1"]);
      }
      const file = join(directory, "inspircd.conf");
      await writeFile(join(directory, "motd"), options.motd ?? "A server for a moment\n");
      await writeFile(file, configuration({ directory, ports, options, certificate }));
      const asRoot = process.getuid?.() === 0 ? ["--runasroot"] : [];
      return { file: "inspircd", args: ["--nofork", "--nopid", ...asRoot, "--config", file] };
    },
    isReady: ({ client }) => answersIrc(client),
  });
  const { client, tls } = server.ports;
  return Object.assign(server, { port: client, tlsPort: tls, ca: certificate?.ca, oper });
}

function configuration(setup: {
  readonly directory: string;
  readonly ports: IrcPorts;
  readonly options: InspircdOptions;
  readonly certificate: Certificate | undefined;
}): string {
  const { directory, ports, options, certificate } = setup;
  const { flood = "none", capabilities = true, nickMax = 30, pingSeconds = 60 } = options;
  const modules = [
    MODULES,
    capabilities ? IRCV3_MODULES : "",
    certificate === undefined ? "" : TLS_MODULES,
  ].flatMap((names) => names.match(/\S+/g) ?? []);
  return `
<server name="irc.localhost" description="throwaway" network="ThrowawayNet" id="1AA">
<admin name="nobody" nick="nobody" email="nobody@localhost">
<bind address="127.0.0.1" port="${ports.client}" type="clients">
${certificate === undefined ? "" : tlsConfiguration(ports.tls, certificate)}
<connect name="everybody" allow="*" timeout="20" pingfreq="${pingSeconds}" ${FLOOD[flood]}
  localmax="5000" globalmax="5000" maxconnwarn="no" resolvehostnames="no" useident="no" limit="5000" maxchans="100">
<class name="all" commands="*" privs="*" usermodes="*" chanmodes="*">
<type name="NetAdmin" classes="all">
<oper name="${oper.name}" password="${oper.password}" host="*@*" type="NetAdmin">
<dns server="127.0.0.1" timeout="1">
<performance netbuffersize="65534" softlimit="5000" somaxconn="128" clonesonconnect="no" quietbursts="yes">
<options prefixquit="Quit: " announcets="yes" hostintopic="yes" pingwarning="0" splitwhois="no" defaultmodes="not" casemapping="rfc1459">
<security maxtargets="20" runasroot="yes">
<limits maxnick="${nickMax}" maxchan="64" maxmodes="20" maxident="10" maxhost="64" maxquit="255" maxtopic="307" maxkick="255" maxreal="128" maxaway="200" maxline="512">
<chanhistory maxlines="50" prefixmsg="no" bots="yes" enableumode="no">
<insane hostmasks="yes" ipmasks="yes" nickmasks="yes" trigger="95.5">
<files motd="${join(directory, "motd")}">
<path configdir="${directory}" datadir="${directory}" logdir="${directory}" runtimedir="${directory}" moduledir="/usr/lib/inspircd/modules">
<log method="file" type="* -USERINPUT -USEROUTPUT -MODULE" level="default" target="${join(directory, "server.log")}">
${modules.map((name) => `<module name="${name}">`).join("\n")}
`;
}

function tlsConfiguration(port: number, { ca, certificate, key }: Certificate): string {
  return `
<sslprofile name="main" provider="gnutls" cafile="${ca}" certfile="${certificate}" keyfile="${key}" requestclientcert="yes" hash="sha256">
<bind address="127.0.0.1" port="${port}" type="clients" sslprofile="main">
`;
}

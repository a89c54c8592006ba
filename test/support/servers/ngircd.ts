import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { answersIrc } from "../../../cli/demo/servers/answering.ts";
import { type Certificate, makeCertificate } from "../../../cli/demo/servers/certificate.ts";
import {
  chooseIrcPorts,
  type IrcPorts,
  type IrcServer,
  oper,
} from "../../../cli/demo/servers/irc-server.ts";
import { ServerProcess } from "../../../cli/demo/servers/server-process.ts";

/** What a test may ask of a throwaway ngIRCd. */
export interface NgircdOptions {
  readonly tls?: boolean;
  /** Longest nick in characters; 9 is what EFnet allows. Default 30. */
  readonly nickMax?: number;
  /** Silence in seconds after which the server sends a PING. Default 60. */
  readonly pingSeconds?: number;
  /** The plain port; a free one when absent. */
  readonly port?: number;
}

/** Starts an ngIRCd that is only for us: a small server with few capabilities, unlike InspIRCd. */
export async function startNgircd(options: NgircdOptions = {}): Promise<IrcServer> {
  let certificate: Certificate | undefined;
  const server = await ServerProcess.start({
    name: "ngircd",
    choosePorts: () => chooseIrcPorts(options.port),
    async configure(directory, ports) {
      if (options.tls === true) {
        certificate ??= await makeCertificate(directory, ["localhost", "127.0.0.1"]);
      }
      const file = join(directory, "ngircd.conf");
      await writeFile(file, configuration(ports, options, certificate));
      return { file: "ngircd", args: ["-n", "-f", file] };
    },
    isReady: ({ client }) => answersIrc(client),
  });
  const { client, tls } = server.ports;
  return Object.assign(server, { port: client, tlsPort: tls, ca: certificate?.ca, oper });
}

function configuration(
  ports: IrcPorts,
  { nickMax = 30, pingSeconds = 60 }: NgircdOptions,
  certificate: Certificate | undefined,
): string {
  return `
[Global]
  Name = irc.localhost
  Info = throwaway
  Network = ThrowawayNet
  Listen = 127.0.0.1
  Ports = ${ports.client}
  ServerUID = ${process.getuid?.() ?? 0}
  ServerGID = ${process.getgid?.() ?? 0}
  MotdPhrase = "A server for a moment"
[Limits]
  MaxConnections = 0
  MaxConnectionsIP = 0
  MaxJoins = 0
  MaxNickLength = ${nickMax}
  MaxPenaltyTime = 0
  PingTimeout = ${pingSeconds}
  PongTimeout = 20
[Options]
  DNS = no
  Ident = no
  PAM = no
  AllowedChannelTypes = #
[Operator]
  Name = ${oper.name}
  Password = ${oper.password}
${certificate === undefined ? "" : tlsConfiguration(ports.tls, certificate)}`;
}

function tlsConfiguration(port: number, { certificate, key }: Certificate): string {
  return `
[SSL]
  CertFile = ${certificate}
  KeyFile = ${key}
  Ports = ${port}
`;
}

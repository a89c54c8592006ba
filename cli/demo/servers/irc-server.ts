import { freePort } from "./free-port.ts";
import type { Ports, RunningServer } from "./server-process.ts";

/** A throwaway IRC server on 127.0.0.1. */
export interface IrcServer extends RunningServer {
  /** For plain TCP. */
  readonly port: number;
  /** For TLS; answers only when TLS was asked for. */
  readonly tlsPort: number;
  /** PEM file of the authority to trust; undefined without TLS. */
  readonly ca: string | undefined;
  /** What OPER takes. */
  readonly oper: { readonly name: string; readonly password: string };
}

/** The operator of every throwaway IRC server. */
export const oper = { name: "root", password: "throwaway" } as const;

/** The ports of every throwaway IRC server. */
export interface IrcPorts extends Ports {
  readonly tls: number;
}

/** Free ports, but for the plain one if it is asked for. */
export async function chooseIrcPorts(port: number | undefined): Promise<IrcPorts> {
  return { client: port ?? (await freePort()), tls: await freePort() };
}

import { Resolver } from "node:dns/promises";

const TIMEOUT = 5_000;

/**
 * The services of a domain in the order to try them (RFC 6120 section 3.2.1, XEP-0368): direct TLS and
 * STARTTLS records by priority, heavier first; without records the domain itself at port 5222.
 */
export async function findServices(domain: string): Promise<readonly string[]> {
  const resolver = new Resolver({ timeout: TIMEOUT, tries: 1 });
  const lookUp = async (name: string, scheme: string) => {
    const records = await resolver.resolveSrv(`${name}.${domain}`).catch(() => []);
    return records.map((record) => ({ ...record, scheme }));
  };
  const found = await Promise.all([
    lookUp("_xmpps-client._tcp", "xmpps"),
    lookUp("_xmpp-client._tcp", "xmpp"),
  ]);
  // RFC 2782: a lone "." says that the service is decidedly not available.
  const records = found.flat().filter(({ name }) => name !== "" && name !== ".");
  records.sort((a, b) => a.priority - b.priority || b.weight - a.weight);
  if (records.length === 0) return [`xmpp://${domain}:5222`];
  return records.map(({ scheme, name, port }) => `${scheme}://${name}:${port}`);
}

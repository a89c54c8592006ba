/** A variable that has to be there. The baselines read the product's own configuration. */
export function variable(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`Cannot start: ${name} is not set`);
  return value;
}

/** The port of an address such as `xmpp://127.0.0.1:5222`. */
export function portOf(address: string): number {
  return Number(new URL(address).port);
}

import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { isIP } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";

/** PEM files of a server's certificate and of the authority that signed it. */
export interface Certificate {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

const NEW_KEY = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";

/**
 * Makes a certificate authority and a certificate for `names` (hosts or addresses) in the directory,
 * with openssl. Valid for two days: enough for a test or a demo, and of no use to anybody later.
 */
export async function makeCertificate(
  directory: string,
  names: readonly string[],
): Promise<Certificate> {
  const alternatives = names.map((name) => `${isIP(name) === 0 ? "DNS" : "IP"}:${name}`);
  await writeFile(join(directory, "names"), `subjectAltName=${alternatives.join(",")}\n`);
  for (const step of [
    `req -x509 ${NEW_KEY} -days 2 -subj /CN=throwaway-ca -keyout ca.key -out ca.crt`,
    `req -new ${NEW_KEY} -subj /CN=throwaway -keyout server.key -out server.csr`,
    "x509 -req -in server.csr -days 2 -extfile names -CA ca.crt -CAkey ca.key -CAcreateserial -out server.crt",
  ]) {
    await run("openssl", step.split(" "), { cwd: directory });
  }
  return {
    ca: join(directory, "ca.crt"),
    certificate: join(directory, "server.crt"),
    key: join(directory, "server.key"),
  };
}

const run = promisify(execFile);

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readPem } from "../../../shared/config/pem.ts";
import { Secret } from "../../../shared/config/secret.ts";
import { Counters } from "../../../shared/observe/counters.ts";
import { FatalError } from "../../../shared/retry/keep-connected.ts";
import { connectXmpp } from "../../../shared/xmpp/connection.ts";
import { silentLog } from "../../support/silent-log.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "saxbridge-pem-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

test("readPem() reads the file that a variable names", () => {
  const path = join(folder, "ca.pem");
  writeFileSync(path, "-----BEGIN CERTIFICATE-----\n");
  expect(readPem("IRC_TLS_CA", path)).toBe("-----BEGIN CERTIFICATE-----\n");
  expect(readPem("IRC_TLS_CA", undefined)).toBeUndefined();
});

test("a file that cannot be read ends the bridge, with the variable's name", () => {
  const path = join(folder, "missing.pem");
  expect(() => readPem("IRC_TLS_CA", path)).toThrow(FatalError);
  expect(() => readPem("IRC_TLS_CA", path)).toThrow(/^Cannot read IRC_TLS_CA: .*missing\.pem/);
});

test("connectXmpp() does not try again and again with a certificate file that is not there", async () => {
  const connected = connectXmpp(
    {
      jid: "webridge@example.org",
      password: new Secret("secret"),
      service: "xmpp://127.0.0.1:1",
      domain: "example.org",
      tls: "required",
      tlsCa: join(folder, "missing.pem"),
      version: "0",
      log: silentLog,
      counters: new Counters(),
    },
    new AbortController().signal,
  );
  await expect(connected).rejects.toThrow(FatalError);
  await expect(connected).rejects.toThrow(/^Cannot read XMPP_TLS_CA: /);
});

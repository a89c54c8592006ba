import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import type { SaslMechanism } from "@xmpp/client";

const deriveKey = promisify(pbkdf2);

/** More rounds than any server asks for; a hostile one must not keep the process busy for minutes. */
const MOST_ITERATIONS = 1_000_000;

interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** A mechanism that can tell whether the server proved to know the password too. */
export interface ProvingMechanism extends SaslMechanism {
  /** True when the additional data of the server's success is what the mechanism expects. */
  accepts(finalMessage: string): boolean;
}

/**
 * The SASL mechanisms saxbridge speaks, best first. The library's own SCRAM takes one WebCrypto call
 * per iteration (0.4 to 0.7 s for a login), knows SHA-1 only and does not check the server's signature
 * (RFC 5802 section 3: the client authenticates the server with it), hence these.
 */
export const MECHANISMS: readonly {
  readonly name: string;
  readonly create: () => ProvingMechanism;
}[] = [
  { name: "SCRAM-SHA-512", create: () => scram("SCRAM-SHA-512", "sha512", 64) },
  { name: "SCRAM-SHA-256", create: () => scram("SCRAM-SHA-256", "sha256", 32) },
  { name: "SCRAM-SHA-1", create: () => scram("SCRAM-SHA-1", "sha1", 20) },
  { name: "PLAIN", create: plain },
];

/**
 * RFC 4616: the password itself, for a server that offers nothing better. In clear only where
 * `XMPP_TLS` is `optional`, which is allowed on loopback only.
 */
function plain(): ProvingMechanism {
  return {
    name: "PLAIN",
    clientFirst: true,
    response: ({ username, password }) => toBinary(`\0${username}\0${password}`),
    challenge() {},
    accepts: () => true,
  };
}

/** RFC 5802 and RFC 7677, without channel binding. */
function scram(name: string, hash: string, keyBytes: number): ProvingMechanism {
  const nonce = randomBytes(18).toString("base64");
  let serverFirst: string | undefined;
  let expectedSignature: Buffer | undefined;

  const bare = (username: string) =>
    `n=${username.replaceAll("=", "=3D").replaceAll(",", "=2C")},r=${nonce}`;

  const finish = async ({ username, password }: Credentials, first: string): Promise<string> => {
    const { r: serverNonce = "", s: salt = "", i = "" } = attributes(first);
    const iterations = Number(i);
    if (!serverNonce.startsWith(nonce) || !(iterations >= 1 && iterations <= MOST_ITERATIONS)) {
      throw new Error("the server's SCRAM challenge is not valid");
    }
    // RFC 5802 asks for SASLprep; NFKC is what it does to every password that people really use.
    const salted = await deriveKey(
      password.normalize("NFKC"),
      Buffer.from(salt, "base64"),
      iterations,
      keyBytes,
      hash,
    );
    const sign = (key: Buffer, text: string) => createHmac(hash, key).update(text).digest();
    const clientKey = sign(salted, "Client Key");
    const storedKey = createHash(hash).update(clientKey).digest();
    // "biws" is "n,,": no channel binding.
    const withoutProof = `c=biws,r=${serverNonce}`;
    const message = `${bare(username)},${first},${withoutProof}`;
    const signature = sign(storedKey, message);
    const proof = Buffer.from(clientKey.map((byte, at) => byte ^ (signature[at] ?? 0)));
    expectedSignature = sign(sign(salted, "Server Key"), message);
    return `${withoutProof},p=${proof.toString("base64")}`;
  };

  return {
    name,
    clientFirst: true,
    async response(credentials) {
      const answer =
        serverFirst === undefined
          ? `n,,${bare(credentials.username)}`
          : await finish(credentials, serverFirst);
      return toBinary(answer);
    },
    challenge(text) {
      serverFirst = Buffer.from(text, "latin1").toString("utf8");
    },
    accepts(finalMessage) {
      const signature = Buffer.from(attributes(finalMessage)["v"] ?? "", "base64");
      return (
        expectedSignature !== undefined &&
        signature.length === expectedSignature.length &&
        timingSafeEqual(signature, expectedSignature)
      );
    },
  };
}

function attributes(message: string): Readonly<Record<string, string>> {
  return Object.fromEntries(message.split(",").map((part) => [part.slice(0, 1), part.slice(2)]));
}

/** The library encodes with `btoa`, which takes one byte per character. */
function toBinary(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}

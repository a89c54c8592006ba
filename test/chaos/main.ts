import { existsSync, readdirSync } from "node:fs";
import { cp, mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Chronicle } from "./chronicle.ts";
import { type Options, readOptions, UsageError } from "./options.ts";
import { plant } from "./plants.ts";
import { formatOffences, formatOutcome, isKept } from "./report.ts";
import { run } from "./run.ts";

// npm run chaos: see docs/chaos.md. Descriptor 3 is the datagram socket, bound at CHAOS_SOCKET. Exits with 1
// when the program broke its promise, with 2 when the command line is wrong.

const SOCKET_FD = 3;

try {
  // Whatever a fault has left open must not keep a run that is over from ending.
  process.exit(await chaos(readOptions(process.argv.slice(2))));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}

async function chaos(options: Options): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), "saxbridge-chaos-"));
  const chronicle = new Chronicle(join(directory, "chronicle"));
  let isKeeping = options.keep;
  try {
    const program = await copyProduct(options.product, directory);
    if (options.plant !== undefined) await plant(options.plant, program);
    const outcome = await run({
      ...options,
      directory,
      main: join(program, "cli/main.js"),
      socketFd: SOCKET_FD,
      socketPath: process.env["CHAOS_SOCKET"] ?? "",
      faketime: findFaketime(),
      chronicle,
      tell: (step) => {
        chronicle.add("chaos", step);
        process.stderr.write(`${step}\n`);
      },
    });
    process.stdout.write(`${formatOutcome(outcome)}\n`);
    if (isKept(outcome)) return 0;
    isKeeping = true;
    process.stdout.write(`\n${formatOffences(outcome, chronicle)}\n`);
    return 1;
  } catch (error) {
    isKeeping = true;
    throw error;
  } finally {
    await chronicle.close();
    if (isKeeping) process.stderr.write(`The logs are in ${directory}\n`);
    else await rm(directory, { recursive: true });
  }
}

/** The library of the Debian package libfaketime; undefined when it is not installed. */
function findFaketime(): string | undefined {
  const libraries = "/usr/lib";
  return readdirSync(libraries)
    .map((name) => join(libraries, name, "faketime/libfaketime.so.1"))
    .find((path) => existsSync(path));
}

/** A copy, so that nobody changes the program under a run that takes hours. */
async function copyProduct(product: string, directory: string): Promise<string> {
  const source = resolve(product);
  const home = join(directory, "program");
  await mkdir(home);
  await cp(source, join(home, "dist"), { recursive: true });
  for (const name of ["node_modules", "package.json"]) {
    await symlink(join(source, "..", name), join(home, name));
  }
  return join(home, "dist");
}

import { parseArgs } from "node:util";
import { ConfigError } from "../shared/config/section.ts";
import { errorMessage } from "../shared/error-message.ts";
import { CommandError } from "./command-error.ts";
import { version } from "./version.ts";

/** What the command line said behind the command's name. */
export interface Arguments {
  readonly words: readonly string[];
  /** The file of `--env`. */
  readonly env: string | undefined;
  readonly connect: boolean;
  readonly json: boolean;
}

/** Each brings only what it needs into memory. */
const COMMANDS: Readonly<Record<string, (args: Arguments) => Promise<number>>> = {
  run: async (args) => (await import("./run.ts")).run(args),
  check: async (args) => (await import("./check.ts")).check(args),
  status: async (args) => (await import("./status.ts")).status(args),
  why: async (args) => (await import("./why.ts")).why(args),
  say: async (args) => (await import("./say.ts")).say(args),
  demo: async () => (await import("./demo.ts")).demo(),
};

const HELP = `saxbridge: chat bridges between a community site, its XMPP room and IRC

  saxbridge run [BRIDGE...]   run the bridges that are configured, or those named (webridge, irc-relay)
  saxbridge check             see whether the configuration is complete and right
  saxbridge check --connect   also log in everywhere, join and leave
  saxbridge status            how the service stands that runs here; exit code 0 only when all is well
  saxbridge why TEXT          what became of a message, given by its whole text or its id, and why
  saxbridge say TEXT          announce a text, as the site's code would (to WEBRIDGE_SOCKET)
  saxbridge demo              a private XMPP room, an IRC server and both bridges, to try it all out

  --env FILE                  read the configuration from FILE instead of .env
  --json                      status and why: the answer as JSON
  --help, --version

The configuration is environment variables; .env in the working directory is read too.
Exit codes: 0 stopped, 1 a bug, 2 wrong usage, 69 not reachable, 78 wrong configuration or password.
`;

/** Runs one command line and resolves with the exit code. Errors that people can mend go to stderr in a sentence. */
export async function runCommand(words: readonly string[]): Promise<number> {
  try {
    const { values, positionals } = parse(words);
    if (values.version) return print(`saxbridge ${version()}\n`);
    const [name, ...rest] = positionals;
    if (values.help || name === "help") return print(HELP);
    if (name === undefined) throw new CommandError(2, `say what to do\n\n${HELP.trimEnd()}`);
    const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
    if (command === undefined) {
      throw new CommandError(2, `there is no command "${name}": see saxbridge --help`);
    }
    return await command({
      words: rest,
      env: onlyOne(values.env),
      connect: values.connect ?? false,
      json: values.json ?? false,
    });
  } catch (error) {
    if (error instanceof ConfigError) return complain(error.message, 78);
    if (error instanceof CommandError) return complain(error.message, error.exitCode);
    throw error;
  }
}

function parse(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      allowPositionals: true,
      options: {
        env: { type: "string", multiple: true },
        connect: { type: "boolean" },
        json: { type: "boolean" },
        help: { type: "boolean", short: "h" },
        version: { type: "boolean", short: "v" },
      },
    });
  } catch (error) {
    throw new CommandError(2, `${errorMessage(error)}; see saxbridge --help`);
  }
}

/** parseArgs would take the last one and say nothing. */
function onlyOne(files: readonly string[] = []): string | undefined {
  if (files.length <= 1) return files[0];
  throw new CommandError(
    2,
    "--env names one file: run saxbridge once for each; see saxbridge --help",
  );
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}

function complain(message: string, exitCode: number): number {
  process.stderr.write(`saxbridge: ${message}\n`);
  return exitCode;
}

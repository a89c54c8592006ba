import { webridge } from "../bridges/webridge/config.ts";
import { settings } from "../shared/config/section.ts";
import { errorMessage } from "../shared/error-message.ts";
import { sendDatagram } from "../shared/unix/datagram.ts";
import type { Arguments } from "./command.ts";
import { CommandError } from "./command-error.ts";
import { readEnvironment } from "./configuration.ts";

/** `saxbridge say TEXT`: writes one datagram to webridge's socket, as the site's code does. */
export async function say({ words, env }: Arguments): Promise<number> {
  const text = words.join(" ");
  if (text === "") throw new CommandError(2, 'say what: saxbridge say "Hello, room"');
  try {
    await sendDatagram(socketPath(env), new TextEncoder().encode(text));
    return 0;
  } catch (error) {
    throw new CommandError(69, errorMessage(error));
  }
}

function socketPath(envFile: string | undefined): string {
  const known = settings(webridge).find(({ variable }) => variable === "WEBRIDGE_SOCKET");
  const path = readEnvironment(envFile)["WEBRIDGE_SOCKET"] || known?.standard;
  if (path === undefined) throw new CommandError(78, "WEBRIDGE_SOCKET is not set");
  return path;
}

import { z } from "zod";
import { webridge } from "../bridges/webridge/config.ts";
import { readConfig } from "../shared/config/section.ts";
import { errorMessage } from "../shared/error-message.ts";
import { sendDatagram } from "../shared/unix/datagram.ts";
import type { Arguments } from "./command.ts";
import { CommandError } from "./command-error.ts";
import { readEnvironment } from "./configuration.ts";

/** All that is read of the configuration: who may write to the socket need not be able to read secrets. */
const place = z.object({ webridge: webridge.shape.webridge.pick({ socket: true }) });

/** `saxbridge say TEXT`: writes one datagram to webridge's socket, as the site's code does. */
export async function say({ words, env }: Arguments): Promise<number> {
  const text = words.join(" ");
  if (text === "") throw new CommandError(2, 'say what: saxbridge say "Hello, room"');
  const path = socketPath(env);
  try {
    await sendDatagram(path, new TextEncoder().encode(text));
    return 0;
  } catch (error) {
    throw new CommandError(69, errorMessage(error));
  }
}

function socketPath(envFile: string | undefined): string {
  return readConfig(place, readEnvironment(envFile, [place])).webridge.socket;
}

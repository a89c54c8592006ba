import { Status } from "../shared/observe/status.ts";
import { askService, findService } from "./ask-service.ts";
import type { Arguments } from "./command.ts";
import { CommandError } from "./command-error.ts";
import { formatStatus } from "./status-text.ts";

/** `saxbridge status [--json]`: how everything stands; the exit code is 0 only when all is well. */
export async function status({ env, json }: Arguments): Promise<number> {
  const { socket } = findService(env);
  const answer = await askService(socket, "/status", Status);
  if (answer === undefined) {
    throw new CommandError(69, `no saxbridge runs here: nothing answers at ${socket}`);
  }
  // https://no-color.org
  const colours = process.stdout.isTTY && !process.env["NO_COLOR"];
  process.stdout.write(
    json ? `${JSON.stringify(answer, undefined, 2)}\n` : formatStatus(answer, { colours }),
  );
  return answer.troubles.length === 0 ? 0 : 69;
}

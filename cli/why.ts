import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { errorMessage } from "../shared/error-message.ts";
import { readTrail } from "../shared/outbox/read-trail.ts";
import { askService, findService } from "./ask-service.ts";
import type { Arguments } from "./command.ts";
import { CommandError } from "./command-error.ts";
import { formatFates, type MessageFate } from "./why-text.ts";

const Fates = z.array(
  z.object({
    queue: z.string(),
    id: z.string(),
    nick: z.string().optional(),
    takenAt: z.number(),
    at: z.number().optional(),
    code: z.string(),
    text: z.string().optional(),
  }),
);

/** `saxbridge why TEXT-OR-ID`: what became of a message, and why. */
export async function why({ words, env, json }: Arguments): Promise<number> {
  const query = words.join(" ");
  if (query.trim() === "") {
    throw new CommandError(2, 'say of what: saxbridge why "Hello, room", or an id');
  }
  const service = findService(env);
  const fates =
    (await askService(service.socket, `/why?q=${encodeURIComponent(query)}`, Fates)) ??
    (await readWhatIsLeft(service.stateDirectory, query));
  if (json) process.stdout.write(`${JSON.stringify(fates, undefined, 2)}\n`);
  else process.stdout.write(fates.length === 0 ? UNKNOWN : formatFates(fates));
  return 0;
}

const UNKNOWN =
  "Nothing is known of that: it never reached saxbridge, or it is older than AUDIT_DAYS.\n" +
  "Give the whole text as it was said, or the id, or its first 8 characters.\n";

/** What the last run left: nobody else can tell when none runs. */
async function readWhatIsLeft(
  stateDirectory: string,
  query: string,
): Promise<readonly MessageFate[]> {
  const outbox = join(stateDirectory, "outbox.sqlite");
  if (!existsSync(outbox)) {
    throw new CommandError(
      69,
      `no saxbridge runs here, and none has left anything in ${stateDirectory}: set STATE_DIRECTORY, with systemd to /var/lib/saxbridge`,
    );
  }
  try {
    return await readTrail(outbox, query);
  } catch (error) {
    throw new CommandError(
      69,
      `no saxbridge runs here, and ${outbox} cannot be read: ${errorMessage(error)}`,
    );
  }
}

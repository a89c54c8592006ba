import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { createLogger } from "../shared/observe/log.ts";
import { askService, findService } from "./ask-service.ts";
import type { Arguments } from "./command.ts";
import { CommandError } from "./command-error.ts";
import { type OutboxConfig, openJournal } from "./run-bridges.ts";
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
    (await readTrail(service.outbox, query));
  if (json) process.stdout.write(`${JSON.stringify(fates, undefined, 2)}\n`);
  else process.stdout.write(fates.length === 0 ? UNKNOWN : formatFates(fates));
  return 0;
}

const UNKNOWN =
  "Nothing is known of that: it never reached saxbridge, or it is older than AUDIT_DAYS.\n" +
  "Give the whole text as it was said, or the id, or its first 8 characters.\n";

/** What the last run left: nobody else can tell when none runs. */
async function readTrail(outbox: OutboxConfig, query: string): Promise<readonly MessageFate[]> {
  const { stateDirectory } = outbox;
  if (!existsSync(join(stateDirectory, "outbox.sqlite"))) {
    throw new CommandError(
      69,
      `no saxbridge runs here, and none has left anything in ${stateDirectory}: set STATE_DIRECTORY, with systemd to /var/lib/saxbridge`,
    );
  }
  const journal = openJournal(outbox, createLogger({ level: "error", format: "pretty" }));
  try {
    return await journal.trail.find(query);
  } finally {
    journal.close();
  }
}

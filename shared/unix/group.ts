import { readFileSync } from "node:fs";
import { SocketError } from "./socket-error.ts";

/**
 * The number of a group given by name or number, from `/etc/group` (group(5)). Throws a `SocketError`
 * for a name that is not there: groups of a directory service must be given by number.
 */
export function groupId(group: string): number {
  if (/^\d+$/.test(group)) return Number(group);
  const id = findGroup(readFileSync("/etc/group", "utf8"), group);
  if (id !== undefined) return id;
  throw new SocketError(
    `Cannot find group ${group}: it is not in /etc/group (create it, or give the number of a group)`,
    { code: "ENOENT" },
  );
}

/** Finds a group's number in the text of a group(5) file; lines that are not of its form are skipped. */
export function findGroup(text: string, name: string): number | undefined {
  for (const line of text.split("\n")) {
    const [entry, , id = ""] = line.split(":");
    if (entry === name && /^\d+$/.test(id)) return Number(id);
  }
  return undefined;
}
